import { z } from "zod";
import { idSchema, shortTextSchema, timestampSchema } from "./common.ts";

/** A URL is shown, logged and told; what is secret has a field of its own. */
function bearsNoCredentials(text: string): boolean {
  const url = URL.parse(text);
  return !url || (!url.username && !url.password && !url.search && !url.hash);
}

/** The body of `POST /api/gateways`. */
export const createGatewaySchema = z.object({
  name: shortTextSchema.max(128).optional(),
  url: z
    .url({ protocol: /^wss?$/ })
    .max(2048)
    .refine(
      bearsNoCredentials,
      "must be a ws:// or wss:// URL without credentials, query or fragment: the gateway's token goes into the field token",
    ),
  token: z.string().max(4096).optional(),
});
export type CreateGateway = z.infer<typeof createGatewaySchema>;

/**
 * The state of the connection to a gateway. `pairing_required`: the gateway's operator has to approve this server.
 * `connecting` also, with why, while the server that is connected is not heard of by the others.
 */
export const gatewayStateSchema = z.enum(["connecting", "connected", "disconnected", "pairing_required"]);
export type GatewayState = z.infer<typeof gatewayStateSchema>;

/** A gateway and the state of this server's connection to it. Its token is never shown. */
export const gatewaySchema = z.object({
  id: idSchema,
  name: z.string(),
  kind: z.literal("openclaw"),
  url: z.string(),
  state: gatewayStateSchema,
  protocol: z.number().int().nullable(),
  version: z.string().nullable(),
  /** Round trip of the last request, in milliseconds. */
  latencyMs: z.number().nullable(),
  /** Why it is not connected, or what does not work though it is, in words. */
  lastError: z.string().nullable(),
  deviceId: z.string().nullable(),
  connectedAt: timestampSchema.nullable(),
  createdAt: timestampSchema,
});
export type GatewayView = z.infer<typeof gatewaySchema>;

/** An agent found on a gateway. */
export const gatewayAgentSchema = z.object({
  id: z.string(),
  name: z.string().optional(),
  default: z.boolean(),
});
export type GatewayAgent = z.infer<typeof gatewayAgentSchema>;

/** What one try to connect to a gateway found: its agents, or why not, in words. */
export const gatewayTestSchema = z.object({
  ok: z.boolean(),
  state: gatewayStateSchema,
  /** This server's device, as the gateway's operator has to approve it. */
  deviceId: z.string(),
  protocol: z.number().int().nullable(),
  version: z.string().nullable(),
  /** From the first packet to the list of agents, in milliseconds. */
  elapsedMs: z.number(),
  agents: z.array(gatewayAgentSchema),
  error: z.string().nullable(),
});
export type GatewayTest = z.infer<typeof gatewayTestSchema>;
