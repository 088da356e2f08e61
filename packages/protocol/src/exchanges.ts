import { z } from "zod";
import { idSchema, pageLimitSchema, timestampSchema } from "./common.ts";
import { eventSchema } from "./events.ts";

/**
 * Which way a request went: `dispatch` from here to an agent, `callback` from an agent to here, `webhook` from here to an
 * endpoint.
 */
export const exchangeDirectionSchema = z.enum(["dispatch", "callback", "webhook"]);
export type ExchangeDirection = z.infer<typeof exchangeDirectionSchema>;

/**
 * What came of it. `ok`: it was delivered. `refused`: the other side (or, of a callback, this server) said no. `failed`: it
 * could not be handed over in all its tries. `unknown`: it went out whole and was not answered. `waiting`: it is tried
 * again, or waits behind an earlier one.
 */
export const exchangeResultSchema = z.enum(["ok", "refused", "failed", "unknown", "waiting"]);
export type ExchangeResult = z.infer<typeof exchangeResultSchema>;

/** Headers as they are shown: what may be secret stands as `***`. */
const headersSchema = z.record(z.string(), z.string());

/** One try to hand a request over. */
export const exchangeTrySchema = z.object({
  at: timestampSchema,
  durationMs: z.number(),
  status: z.number().int().optional().describe("The HTTP status of the answer, where there was one."),
  error: z.string().optional().describe("Why it was not the last try, or was the last one in vain."),
  headers: headersSchema.optional().describe("Of the answer."),
  response: z.string().optional().describe("The beginning of the answer's body."),
});
export type ExchangeTry = z.infer<typeof exchangeTrySchema>;

/** A request and its answer, in one line. */
export const exchangeSchema = z.object({
  id: idSchema,
  direction: exchangeDirectionSchema,
  what: z
    .string()
    .describe(
      "To an agent: dispatch, cancel, answer or message. From one: the callback's type, `callback` where it was not read, or `upload`. To an endpoint: the event's type, or test.",
    ),
  at: timestampSchema.describe("When it was over; of a webhook, when its event was read."),
  result: exchangeResultSchema,
  status: z.number().int().optional().describe("The HTTP status of the last answer, where there was one."),
  durationMs: z.number().optional().describe("Of the last try; absent where it was not measured."),
  tryCount: z.number().int(),
  agentId: idSchema.optional(),
  taskId: idSchema.optional(),
  dispatchId: idSchema.optional(),
  endpointId: idSchema.optional(),
  eventId: z
    .number()
    .int()
    .optional()
    .describe("The event that a callback became, or that a webhook tells of."),
  reason: z.string().optional().describe("Why it was not delivered."),
  address: z.string().optional().describe("Where a refused callback came from."),
  isVerified: z
    .boolean()
    .optional()
    .describe("Of a refused callback: whether its signature was good, so that it is its agent's."),
  notKept: z
    .number()
    .int()
    .optional()
    .describe("So many refused callbacks this line stands for, which were counted and not kept."),
});
export type ExchangeView = z.infer<typeof exchangeSchema>;

/** What was sent, as far as it is kept. */
export const exchangeRequestSchema = z.object({
  method: z.string(),
  url: z.string(),
  headers: headersSchema,
  body: z.string().nullable().describe("Its beginning; null where it is not kept."),
  bodyBytes: z.number().int().optional().describe("How long it was; absent where that is not known."),
});
export type ExchangeRequest = z.infer<typeof exchangeRequestSchema>;

/** An exchange with what was sent and answered. */
export const exchangeDetailSchema = exchangeSchema.extend({
  request: exchangeRequestSchema
    .optional()
    .describe("Absent for a delivered callback: its event says what it said."),
  tries: z.array(exchangeTrySchema),
  event: eventSchema.optional().describe("The event that a callback became."),
});
export type ExchangeDetail = z.infer<typeof exchangeDetailSchema>;

/** Query of `GET /api/exchanges`. All given filters have to match. */
export const exchangeQuerySchema = z.object({
  direction: exchangeDirectionSchema.optional(),
  result: exchangeResultSchema.optional(),
  agentId: idSchema.optional(),
  taskId: idSchema.optional(),
  dispatchId: idSchema.optional(),
  endpointId: idSchema.optional(),
  from: timestampSchema.optional().describe("Not before this time."),
  until: timestampSchema.optional().describe("Before this time."),
  limit: pageLimitSchema,
  cursor: z.string().max(512).optional(),
});
export type ExchangeQuery = z.infer<typeof exchangeQuerySchema>;

/** A page of exchanges, newest first. May be shorter than asked for, or empty, where few match: its cursor goes on. */
export const exchangePageSchema = z.object({
  items: z.array(exchangeSchema),
  nextCursor: z.string().nullable(),
});
export type ExchangePage = z.infer<typeof exchangePageSchema>;
