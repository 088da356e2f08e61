import { z } from "zod";
import { idSchema, pageLimitSchema, timestampSchema } from "./common.ts";

/** What became of a delivery: `waiting` to be tried again, or behind an earlier one of its task. */
export const deliveryStateSchema = z.enum(["waiting", "delivered", "failed"]);
export type DeliveryState = z.infer<typeof deliveryStateSchema>;

/** One try to deliver. */
export const deliveryTrySchema = z.object({
  at: timestampSchema,
  durationMs: z.number(),
  status: z.number().int().optional().describe("The HTTP status of the answer, where there was one."),
  error: z.string().optional().describe("Why it did not count as delivered."),
  response: z.string().optional().describe("The beginning of the answer's body."),
});
export type DeliveryTry = z.infer<typeof deliveryTrySchema>;

/** A delivery: one event for one endpoint. Its id is the `webhook-id` of each try. */
export const deliverySchema = z.object({
  id: idSchema,
  endpointId: idSchema,
  eventId: z.number().int().nullable().describe("Null for a test and for a digest."),
  eventType: z.string(),
  taskId: idSchema.optional(),
  agentId: idSchema.optional(),
  state: deliveryStateSchema,
  tries: z.array(deliveryTrySchema).describe("The latest ten, oldest first."),
  tryCount: z.number().int(),
  nextTryAt: timestampSchema
    .optional()
    .describe("Absent also while its endpoint is off: nothing is tried then."),
  createdAt: timestampSchema,
  updatedAt: timestampSchema,
});
export type DeliveryView = z.infer<typeof deliverySchema>;

/** A delivery with what is sent. */
export const deliveryDetailSchema = deliverySchema.extend({
  request: z.object({
    url: z.string(),
    headers: z
      .record(z.string(), z.string())
      .describe("Without the time and the signature, which each try has anew."),
    body: z.string().nullable().describe("Null where the event has left the log."),
  }),
});
export type DeliveryDetail = z.infer<typeof deliveryDetailSchema>;

/** Query of `GET /api/webhooks/deliveries`. */
export const deliveryQuerySchema = z.object({
  endpointId: idSchema.optional(),
  state: deliveryStateSchema.optional(),
  limit: pageLimitSchema,
  cursor: z.string().max(64).optional(),
});
export type DeliveryQuery = z.infer<typeof deliveryQuerySchema>;

/** A page of deliveries, newest first. */
export const deliveryPageSchema = z.object({
  items: z.array(deliverySchema),
  nextCursor: z.string().nullable(),
});
