import { z } from "zod";
import { artifactNameSchema } from "./artifacts.ts";
import {
  idSchema,
  type Json,
  jsonObjectSchema,
  pageLimitSchema,
  searchTextSchema,
  timestampSchema,
  withoutNulls,
} from "./common.ts";
import { shortened } from "./entry-text.ts";
import { eventPositionSchema } from "./events.ts";

/** A text of an entry, whose middle is left out where it is long. */
const textSchema = z.string().overwrite((text) => shortened(text));

/** What a tool got or gave: an object, or a text. */
const valueSchema = z.union([jsonObjectSchema, z.string()]).overwrite(withShortTexts);

/** Where a tool call, or a step of a plan, stands. */
const progressStateSchema = z.enum(["pending", "running", "completed", "failed"]);

/** Parts with the same `id`, of one attempt, are one entry. */
const idField = { id: z.string().min(1).max(256).optional() };

const messageSchema = z.object({
  ...idField,
  kind: z.literal("message"),
  /** Who says it: `assistant`, `user`, or another word of the agent's own. */
  role: z.string().min(1).max(64).optional(),
  /** Markdown. */
  text: textSchema.optional(),
});
const thoughtSchema = z.object({ ...idField, kind: z.literal("thought"), text: textSchema.optional() });
const toolSchema = z.object({
  ...idField,
  kind: z.literal("tool"),
  name: textSchema.optional(),
  title: textSchema.optional(),
  input: valueSchema.optional(),
  output: textSchema.optional(),
  /** The name of the attempt's artifact that has the whole output, where the entry has no room for it. */
  outputArtifact: artifactNameSchema.optional(),
  state: progressStateSchema.optional(),
  exitCode: z.number().int().optional(),
  durationMs: z.number().nonnegative().optional(),
});
const planSchema = z.object({
  ...idField,
  kind: z.literal("plan"),
  steps: z.array(z.object({ title: textSchema, state: progressStateSchema.optional() })).optional(),
});
const fileSchema = z.object({
  ...idField,
  kind: z.literal("file"),
  path: textSchema.optional(),
  change: z.enum(["created", "edited", "deleted", "renamed"]).optional(),
  /** A unified diff. */
  diff: textSchema.optional(),
});

/** One thing an agent said, thought, did, planned or changed, or a part of it (docs/contract.md, section 4). */
export const entrySchema = z.discriminatedUnion("kind", [
  messageSchema,
  thoughtSchema,
  toolSchema,
  planSchema,
  fileSchema,
]);
export type Entry = z.infer<typeof entrySchema>;

/** An entry as a callback carries it: other languages' JSON writers, and other protocols' words, are understood. */
export const reportedEntrySchema = z.preprocess(asMeant, entrySchema);

const placeFields = {
  /** Position of the event that it began with. */
  eventId: z.number().int().positive(),
  /** Position of the newest event that is folded into it. */
  lastEventId: z.number().int().positive(),
  dispatchId: idSchema,
  /** Number of the attempt that it belongs to. */
  attempt: z.number().int().positive(),
  /** When it began, by the agent's clock. */
  timestamp: timestampSchema,
  /** When it changed last, by the agent's clock. */
  updatedAt: timestampSchema,
  /** Of a search: where it found what it looked for, the first places (`EntryMatch`). */
  matches: z.array(z.object({ path: z.string(), start: z.number().int(), end: z.number().int() })).optional(),
};

/** An entry of a transcript: all its parts in one, and where it stands. */
export const transcriptEntrySchema = z.discriminatedUnion("kind", [
  messageSchema.extend(placeFields),
  thoughtSchema.extend(placeFields),
  toolSchema.extend(placeFields),
  planSchema.extend(placeFields),
  fileSchema.extend(placeFields),
]);
export type TranscriptEntry = z.infer<typeof transcriptEntrySchema>;

/** A page of a transcript. Parts up to `lastEventId` are folded in: a stream opened after it continues the page. */
export const transcriptPageSchema = z.object({
  items: z.array(transcriptEntrySchema),
  nextCursor: z.string().nullable(),
  lastEventId: z.number().int(),
});
export type TranscriptPage = z.infer<typeof transcriptPageSchema>;

/** Query of `GET /api/tasks/:id/transcript`: entries that began between two positions, oldest first or newest first. */
export const transcriptQuerySchema = z.object({
  after: eventPositionSchema.default(0),
  before: eventPositionSchema.optional(),
  order: z.enum(["asc", "desc"]).default("asc"),
  /** Only entries that have this text. */
  q: searchTextSchema.optional(),
  limit: pageLimitSchema,
});

/** What the Agent Client Protocol calls the state of a tool call, or of a step, at which work goes on. */
const ACP_RUNNING = "in_progress";

/** Without nulls; with texts for values that are none; with this contract's word for a state. */
function asMeant(entry: unknown): unknown {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return entry;
  const fields: Record<string, unknown> = { ...(withoutNulls(entry) as object) };
  if ("input" in fields && !isObject(fields.input)) fields.input = asText(fields.input);
  if ("output" in fields) fields.output = asText(fields.output);
  if (fields.state === ACP_RUNNING) fields.state = "running";
  if (Array.isArray(fields.steps)) fields.steps = fields.steps.map(stepAsMeant);
  return fields;
}

function stepAsMeant(step: unknown): unknown {
  if (typeof step === "string") return { title: step };
  const fields = withoutNulls(step);
  return isObject(fields) && fields.state === ACP_RUNNING ? { ...fields, state: "running" } : fields;
}

/** A value as text; as it is where it nests too deeply to be written. */
function asText(value: unknown): unknown {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value, null, 2);
  } catch {
    return value;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value with every text in it shortened. Not nested more deeply than {@link jsonObjectSchema} takes. */
function withShortTexts<Value extends Json>(value: Value): Value;
function withShortTexts(value: Json): Json {
  if (typeof value === "string") return shortened(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => withShortTexts(item));
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, withShortTexts(field)]));
}
