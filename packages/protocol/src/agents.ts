import { z } from "zod";
import { idSchema, shortTextSchema, timestampSchema, usageSchema } from "./common.ts";

/** Where an agent is reached: through an OpenClaw Gateway, or at a URL of its own. */
export const endpointSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("openclaw"),
    gatewayId: idSchema.optional(),
    agentId: z.string().min(1).max(128),
  }),
  z.object({ kind: z.literal("http"), url: z.url({ protocol: /^https?$/ }).max(2048) }),
]);
export type Endpoint = z.infer<typeof endpointSchema>;

/** Whether an agent can be reached, and `busy` when all its slots are taken; `unknown` until it was tried. */
export const agentStatusSchema = z.enum(["online", "busy", "offline", "unknown"]);
export type AgentStatus = z.infer<typeof agentStatusSchema>;

const capabilitiesSchema = z.array(z.string().min(1).max(64)).max(64);
const concurrencySchema = z.number().int().min(1).max(1000);

/**
 * Which of an agent's permission requests are answered without the operator. A request is allowed by the name of its tool,
 * or by the command that it is about; of the others, the operator is asked, or they are denied.
 */
export const permissionPolicySchema = z.object({
  /** Names of tools, as the agent calls them. */
  allowTools: z.array(z.string().min(1).max(256)).max(64).default([]),
  /** How allowed commands begin: whole words, and what follows them may not be another command. */
  allowCommands: z.array(z.string().trim().min(1).max(1024)).max(64).default([]),
  otherwise: z.enum(["ask", "deny"]).default("ask"),
});
export type PermissionPolicy = z.infer<typeof permissionPolicySchema>;

/** The body of `POST /api/agents`. `concurrency` is how many dispatches it takes at a time. */
export const createAgentSchema = z.object({
  name: shortTextSchema.max(128),
  capabilities: capabilitiesSchema.default([]),
  concurrency: concurrencySchema.default(1),
  endpoint: endpointSchema,
  /** Without one, the operator is asked everything. */
  permissions: permissionPolicySchema.optional(),
});
export type CreateAgent = z.infer<typeof createAgentSchema>;

/** The body of `PATCH /api/agents/:id`: what is absent stays as it is. */
export const patchAgentSchema = z
  .object({
    name: shortTextSchema.max(128),
    capabilities: capabilitiesSchema,
    concurrency: concurrencySchema,
    endpoint: endpointSchema,
    permissions: permissionPolicySchema,
  })
  .partial();
export type PatchAgent = z.infer<typeof patchAgentSchema>;

/** An agent as it is shown. `running` and `queued` count its attempts now; `usage` is what all of them used. */
export const agentSchema = z.object({
  id: idSchema,
  name: z.string(),
  capabilities: z.array(z.string()),
  concurrency: z.number().int(),
  endpoint: endpointSchema,
  permissions: permissionPolicySchema.optional(),
  status: agentStatusSchema,
  statusReason: z.string().optional(),
  running: z.number().int(),
  queued: z.number().int(),
  usage: usageSchema.optional(),
  lastSeenAt: timestampSchema.nullable(),
  /** The same, by the name that it has for an attempt: when it last said something. */
  lastWordAt: timestampSchema.nullable(),
  previousSecretUntil: timestampSchema
    .optional()
    .describe("Until then what it is sent is signed with the secret before the last rotation, too."),
  createdAt: timestampSchema,
  updatedAt: timestampSchema,
});
export type AgentView = z.infer<typeof agentSchema>;

/** The answer to creating an agent: an HTTP agent's signing secret is shown this once. */
export const createdAgentSchema = agentSchema.extend({ secret: z.string().optional() });
export type CreatedAgent = z.infer<typeof createdAgentSchema>;

/** The answer to rotating an agent's secret: the new one is shown this once. */
export const agentSecretSchema = agentSchema.extend({ secret: z.string() });
export type AgentSecret = z.infer<typeof agentSecretSchema>;
