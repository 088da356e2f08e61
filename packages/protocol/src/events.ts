import { z } from "zod";
import { idSchema, jsonObjectSchema, timestampSchema } from "./common.ts";
import { EVENT_TYPES, type EventType } from "./kinds.ts";

/** What an event tells of (docs/contract.md, section 5). */
export const eventTypeSchema = z.enum(EVENT_TYPES);

/** The event that tells a client its position cannot be resumed; never stored. */
export const RESET_EVENT = "reset";

/**
 * One entry of the durable log. `id` is its position, in commit order. `timestamp` is when it happened by
 * the teller's clock, `receivedAt` when the server stored it.
 */
export const eventSchema = z.object({
  id: z.number().int().positive(),
  type: eventTypeSchema,
  taskId: idSchema.optional(),
  agentId: idSchema.optional(),
  dispatchId: idSchema.optional(),
  message: z.string().optional(),
  progress: z.number().optional(),
  lastState: z.string().optional(),
  data: jsonObjectSchema,
  timestamp: timestampSchema,
  receivedAt: timestampSchema,
});
export type LogEvent = z.infer<typeof eventSchema>;

/** An event the log has not numbered yet. */
export type NewEvent = Omit<LogEvent, "id">;

/** Which events a reader asks for; an absent field matches all. */
export interface EventFilter {
  taskId?: string;
  agentId?: string;
  /** Any of these. */
  agentIds?: readonly string[];
  types?: readonly EventType[];
}

/** A position in the log: 0 is before the first event. */
export const eventPositionSchema = z.coerce.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);

const typesSchema = z
  .string()
  .transform((list) => [...new Set(list.split(",").filter((name) => name !== ""))])
  .pipe(z.array(eventTypeSchema));

/** Query of `GET /api/events` and of the history calls. */
export const eventFilterQuerySchema = z.object({
  taskId: idSchema.optional(),
  agentId: idSchema.optional(),
  types: typesSchema.optional(),
});

/** Query of `GET /api/events`. */
export const eventStreamQuerySchema = eventFilterQuerySchema.extend({
  lastEventId: eventPositionSchema.optional(),
  /** `true` leaves the `event:` field out of every frame, so that an `EventSource`'s `onmessage` gets them all. */
  unnamed: z
    .enum(["true", "false"])
    .transform((value) => value === "true")
    .optional(),
});
