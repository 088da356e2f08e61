import { z } from "zod";
import { readTime } from "./time.ts";

/** Opaque identifier: printable ASCII without separators that could leave a URL path segment. */
export const idSchema = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[A-Za-z0-9._:-]+$/, "must be letters, digits, '.', '_', ':' or '-'");

/** ISO 8601 in UTC with milliseconds, as the server writes it. */
export const timestampSchema = z.iso.datetime({ offset: true });

/** A time as an agent may write it ({@link readTime}); comes out as {@link timestampSchema} says. */
export const agentTimeSchema = z
  .string()
  .max(64)
  .transform((text, context) => {
    const time = readTime(text);
    if (time !== null) return time;
    context.addIssue("must be a time such as 2026-11-23T10:00:00Z, with an offset, of the years 0 to 9999");
    return z.NEVER;
  })
  .describe(
    "RFC 3339; also with a comma before the fraction, an offset without colon (+0000), or without seconds.",
  );

/** A field that may be left out; many languages' JSON writers send `null` for that, which counts as absent. */
export function absentOr<Schema extends z.ZodType>(schema: Schema) {
  return schema
    .nullish()
    .transform((value) => value ?? undefined)
    .optional();
}

/** An object without its fields that are `null`, which count as absent; anything else as it is. */
export function withoutNulls(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  if (!Object.values(value).includes(null)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null));
}

/** Any value that JSON can carry. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
/** A JSON object whose content is the agents' and operators' own. */
export type JsonObject = { [key: string]: Json };

/** How deep agents' and operators' own JSON may nest. */
export const MAX_JSON_DEPTH = 100;

/**
 * Any JSON object, kept as it is: its content is the agents' and operators' own. For values that come out of a
 * JSON parser; looked at is only what could not be given back: too deep a nest, a number that JavaScript cannot hold.
 */
export const jsonObjectSchema = z
  .looseObject({})
  .check((context) => {
    const message = whyNotKept(context.value, MAX_JSON_DEPTH);
    if (message) context.issues.push({ code: "custom", message, input: context.value });
  })
  .transform((value) => value as JsonObject);

function whyNotKept(value: unknown, depth: number): string | null {
  if (typeof value === "number" && !Number.isFinite(value)) {
    return "must not hold a number beyond 1.8e308";
  }
  if (typeof value !== "object" || value === null) return null;
  if (depth === 0) return `must not nest deeper than ${MAX_JSON_DEPTH} levels`;
  for (const child of Object.values(value)) {
    const reason = whyNotKept(child, depth - 1);
    if (reason) return reason;
  }
  return null;
}

/** An object that may also come as `[]`: PHP writes an empty object so, since its empty array is both. */
export function emptyListOr<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((value) => (isEmptyList(value) ? {} : value), schema);
}

/** Whether a value is `[]`, which PHP writes for an empty object. */
export function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** A title or name: 1 to 500 UTF-16 units after trimming. */
export const shortTextSchema = z.string().trim().min(1).max(500);
/** A description or feedback: up to 65,536 UTF-16 units, kept as it is. */
export const longTextSchema = z.string().max(64 * 1024);

/** An amount of which many can be added up without leaving the numbers that JSON can carry. */
const amountSchema = z.number().nonnegative().max(Number.MAX_SAFE_INTEGER);
/** What an agent calls its money, such as `USD`. */
export const currencySchema = z.string().min(1).max(12);
const costSchema = z.object({ amount: amountSchema, currency: currencySchema });

/** What an attempt (or, summed, a task or agent) has used. */
export const usageSchema = z.object({
  inputTokens: amountSchema.optional(),
  outputTokens: amountSchema.optional(),
  cost: costSchema.optional(),
});
export type Usage = z.infer<typeof usageSchema>;

/** The same as an agent reports it. */
export const reportedUsageSchema = z.object({
  inputTokens: absentOr(amountSchema),
  outputTokens: absentOr(amountSchema),
  cost: absentOr(costSchema),
});

/** How many items a page may hold. */
export const pageLimitSchema = z.coerce.number().int().min(1).max(500).default(50);

/** A text to look for; what stands around it does not count. */
export const searchTextSchema = z.string().trim().min(1).max(200);

/** RFC 9457 problem details, as every refused request is answered. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof problemSchema>;

/** Media type of {@link problemSchema} (RFC 9457, section 3). */
export const PROBLEM_TYPE = "application/problem+json";
