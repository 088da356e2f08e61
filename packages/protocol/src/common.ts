import { z } from "zod";

/** Opaque identifier: printable ASCII without separators that could leave a URL path segment. */
export const idSchema = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[A-Za-z0-9._:-]+$/, "must be letters, digits, '.', '_', ':' or '-'");

/** ISO 8601 in UTC with milliseconds, as the server writes it. */
export const timestampSchema = z.iso.datetime({ offset: true });

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** How deep agents' and operators' own JSON may nest. */
export const MAX_JSON_DEPTH = 100;

/**
 * Any JSON object, kept as it is: its content is the agents' and operators' own. For values that come out of a
 * JSON parser; only their depth is looked at.
 */
export const jsonObjectSchema = z
  .looseObject({})
  .refine((value) => nestsAtMost(value, MAX_JSON_DEPTH), `must not nest deeper than ${MAX_JSON_DEPTH} levels`)
  .transform((value) => value as JsonObject);

function nestsAtMost(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (depth === 0) return false;
  for (const child of Object.values(value)) if (!nestsAtMost(child, depth - 1)) return false;
  return true;
}

export const shortTextSchema = z.string().trim().min(1).max(500);
export const longTextSchema = z.string().max(64 * 1024);

/** What an attempt (or, summed, a task or agent) has used. */
export const usageSchema = z.object({
  inputTokens: z.number().nonnegative().optional(),
  outputTokens: z.number().nonnegative().optional(),
  cost: z.object({ amount: z.number().nonnegative(), currency: z.string().min(1).max(12) }).optional(),
});
export type Usage = z.infer<typeof usageSchema>;

/** How many items a page may hold. */
export const pageLimitSchema = z.coerce.number().int().min(1).max(500).default(50);

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
