import { z } from "zod";
import { idSchema, jsonObjectSchema, longTextSchema, timestampSchema, usageSchema } from "./common.ts";

/** A callback body may not be larger (contract, section 4). */
export const MAX_CALLBACK_BYTES = 256 * 1024;

/** What an agent asks the operator to decide; the options follow the Agent Client Protocol. */
export const permissionRequestSchema = z.object({
  id: idSchema,
  title: z.string().min(1).max(4096),
  options: z
    .array(
      z.object({
        optionId: z.string().min(1).max(128),
        name: z.string().min(1).max(256),
        kind: z.string().max(64).optional(),
      }),
    )
    .min(1)
    .max(32),
});
export type PermissionRequest = z.infer<typeof permissionRequestSchema>;

const fields = {
  id: z.string().min(1).max(256).optional(),
  taskId: idSchema,
  agentId: idSchema,
  dispatchId: idSchema.optional(),
  message: longTextSchema.optional(),
  progress: z.number().min(0).max(1).optional(),
  summary: longTextSchema.optional(),
  error: longTextSchema.optional(),
  lastState: longTextSchema.optional(),
  data: jsonObjectSchema.optional(),
  usage: usageSchema.optional(),
  timestamp: timestampSchema.optional(),
};

/** The body of a callback, agent → Mission Control. `timestamp` is required only by the simple signature. */
export const callbackSchema = z.discriminatedUnion("type", [
  z.object({ ...fields, type: z.literal("progress") }),
  z.object({ ...fields, type: z.literal("complete") }),
  z.object({ ...fields, type: z.literal("error") }),
  z.object({ ...fields, type: z.literal("permission"), request: permissionRequestSchema }),
]);
export type Callback = z.infer<typeof callbackSchema>;

/** The answer to a callback that was stored. */
export const callbackAnswerSchema = z.object({
  ok: z.literal(true),
  eventId: z.number().int(),
  duplicate: z.boolean(),
  taskStatus: z.string(),
});
export type CallbackAnswer = z.infer<typeof callbackAnswerSchema>;
