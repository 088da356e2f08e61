import { z } from "zod";
import { idSchema, timestampSchema } from "./common.ts";

const MAX_HOURS = 3 * 366 * 24;

/** A name of the IANA time zone database, such as `Europe/Berlin`. */
export const timeZoneSchema = z
  .string()
  .max(64)
  .refine(isTimeZone, "must be a time zone such as Europe/Berlin, or UTC");

/**
 * The query of `GET /api/insights`: a stretch of time, and what it is counted by. Without `from`, the `hours` before
 * `to`; without `to`, until now by the server's clock. Both are cut to whole hours of UTC.
 */
export const insightsQuerySchema = z.object({
  from: timestampSchema.optional(),
  to: timestampSchema.optional(),
  hours: z.coerce.number().int().min(1).max(MAX_HOURS).default(24),
  by: z.enum(["hour", "day"]).default("hour"),
  timeZone: timeZoneSchema.default("UTC"),
  agentId: idSchema.optional(),
  tag: z.string().min(1).max(64).optional(),
});
export type InsightsQuery = z.infer<typeof insightsQuerySchema>;

/** How an attempt can end. */
export const attemptOutcomeSchema = z.enum(["completed", "failed", "rejected", "lost", "cancelled"]);
export type AttemptOutcome = z.infer<typeof attemptOutcomeSchema>;

/** How long something took, of so many: in milliseconds, within 5 %. */
export const spreadSchema = z.object({ count: z.number().int(), median: z.number(), p90: z.number() });
export type Spread = z.infer<typeof spreadSchema>;

/** What was counted in a stretch of time. A duration is null where nothing was measured. */
export const insightFiguresSchema = z.object({
  /** Attempts that ended, by how. */
  ended: z.record(attemptOutcomeSchema, z.number().int()),
  /** From the dispatch until it was sent to the agent: of attempts that ended. */
  queued: spreadSchema.nullable(),
  /** From the agent's acceptance until the end: of attempts that completed. */
  worked: spreadSchema.nullable(),
  /** How long questions and results in review waited for a human: of those that are answered. */
  waited: spreadSchema.nullable(),
  inputTokens: z.number(),
  outputTokens: z.number(),
  /** One for each currency. */
  costs: z.array(z.object({ amount: z.number(), currency: z.string() })),
});
export type InsightFigures = z.infer<typeof insightFiguresSchema>;

/** Why attempts failed, were refused or lost: reasons that differ only in numbers and ids are one. */
export const failureReasonSchema = z.object({
  /** As the last one said it; empty for all that are too rare to be kept apart. */
  reason: z.string(),
  count: z.number().int(),
  /** The task of the last one, which may be deleted by now. */
  taskId: idSchema.optional(),
});
export type FailureReason = z.infer<typeof failureReasonSchema>;

/** The answer of `GET /api/insights`. */
export const insightsSchema = z.object({
  from: timestampSchema,
  to: timestampSchema,
  total: insightFiguresSchema,
  /** The stretch of the same length before it. */
  previous: insightFiguresSchema,
  /** Hours or days, oldest first; those without anything are left out. */
  series: z.array(insightFiguresSchema.extend({ start: timestampSchema })),
  /** Agents that have something in it; one that was deleted too. */
  agents: z.array(insightFiguresSchema.extend({ agentId: idSchema })),
  tags: z.array(insightFiguresSchema.extend({ tag: z.string() })),
  /** The most frequent first. */
  reasons: z.array(failureReasonSchema),
  /** Whether all that has happened is in it; false while the past of a data folder is still being counted. */
  isComplete: z.boolean(),
  lastEventId: z.number().int(),
});
export type Insights = z.infer<typeof insightsSchema>;

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
