import { z } from "zod";
import { reportedArtifactSchema } from "./artifacts.ts";
import {
  absentOr,
  agentTimeSchema,
  emptyListOr,
  idSchema,
  isEmptyList,
  jsonObjectSchema,
  longTextSchema,
  reportedUsageSchema,
  withoutNulls,
} from "./common.ts";
import { reportedEntrySchema } from "./entries.ts";
import { formFieldsSchema } from "./forms.ts";

/** A callback body may not be larger (docs/contract.md, section 4). */
export const MAX_CALLBACK_BYTES = 256 * 1024;

/** A tool call, as a permission request shows it. */
export const toolSchema = z.object({
  name: absentOr(z.string().max(256)),
  title: absentOr(z.string().max(4096)),
  input: absentOr(z.union([jsonObjectSchema, longTextSchema])),
  output: absentOr(longTextSchema),
  state: absentOr(z.enum(["pending", "running", "completed", "failed"])),
  exitCode: absentOr(z.number().int()),
  durationMs: absentOr(z.number().nonnegative()),
});

/**
 * What an agent asks the operator: to choose one of the options, which follow the Agent Client Protocol, to fill in the
 * fields of a form, or both.
 */
export const permissionRequestSchema = z
  .object({
    id: idSchema,
    title: z.string().min(1).max(4096),
    /** Empty where a form alone is asked for. */
    options: z
      .array(
        z.object({
          optionId: z.string().min(1).max(128),
          name: z.string().min(1).max(256),
          kind: absentOr(z.string().max(64)),
        }),
      )
      .max(32)
      .nullish()
      .transform((options) => options ?? []),
    /** What it is about to do. */
    tool: absentOr(emptyListOr(toolSchema)),
    /** The changes it is about to make, as a unified diff. */
    diff: absentOr(longTextSchema),
    /** A form to fill in. */
    fields: absentOr(formFieldsSchema),
    /** Until when the agent waits for the answer; after that, the server takes the request back. */
    expiresAt: absentOr(agentTimeSchema),
  })
  .refine(({ options, fields }) => options.length > 0 || fields !== undefined, {
    path: ["options"],
    message: "must have an option, or the request fields",
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
  usage: reportedUsageSchema.optional(),
  entry: reportedEntrySchema.optional(),
  timestamp: agentTimeSchema.optional(),
};

/**
 * A callback as other languages' JSON writers put it, without their nulls and empty lists that mean objects. Once for all
 * fields: a step for each costs more than all the rest.
 */
function asMeant(body: unknown): unknown {
  if (typeof body !== "object" || body === null) return body;
  const fields = withoutNulls(body) as { data?: unknown; usage?: unknown };
  if (!isEmptyList(fields.data) && !isEmptyList(fields.usage)) return fields;
  return {
    ...fields,
    ...(isEmptyList(fields.data) ? { data: {} } : {}),
    ...(isEmptyList(fields.usage) ? { usage: {} } : {}),
  };
}

const meantSchema = z.discriminatedUnion("type", [
  z.object({ ...fields, type: z.literal("progress") }),
  z.object({ ...fields, type: z.literal("complete") }),
  z.object({ ...fields, type: z.literal("error") }),
  z.object({ ...fields, type: z.literal("permission"), request: permissionRequestSchema }),
  z.object({ ...fields, type: z.literal("artifact"), artifact: reportedArtifactSchema }),
]);

/**
 * The body of a callback, agent → Mission Control. `timestamp` is required only by the simple signature; a field that
 * is `null` counts as absent.
 */
export const callbackSchema = z.preprocess(asMeant, meantSchema);
export type Callback = z.infer<typeof callbackSchema>;

/** What `callbackSchema.safeParse` does, with fewer steps: every callback goes through here. */
export function readCallback(body: unknown): z.ZodSafeParseResult<Callback> {
  return meantSchema.safeParse(asMeant(body));
}

/** The answer to a callback that was stored. */
export const callbackResponseSchema = z.object({
  ok: z.literal(true),
  eventId: z.number().int(),
  duplicate: z.boolean(),
  taskStatus: z.string(),
});
export type CallbackResponse = z.infer<typeof callbackResponseSchema>;
