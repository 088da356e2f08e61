import { z } from "zod";
import { idSchema, longTextSchema, pageLimitSchema, timestampSchema } from "./common.ts";
import { eventPositionSchema } from "./events.ts";

/**
 * How an agent at work is to take a message: `steer` into what it does now, at the next moment it can; `next` when it
 * has done that; `interrupt` stops what it does and goes on with the message. An agent that cannot steer takes it next.
 */
export const messageModeSchema = z.enum(["steer", "next", "interrupt"]);
export type MessageMode = z.infer<typeof messageModeSchema>;

/**
 * How far a message has come, by what the agent's side confirmed: `sending`, until that has answered; `delivered`: it
 * has it; `taken_up`: the agent works with it; `refused`: it will not have it, or could not be told.
 */
export const messageStateSchema = z.enum(["sending", "delivered", "taken_up", "refused"]);
export type MessageState = z.infer<typeof messageStateSchema>;

/** The body of `POST /api/tasks/:id/messages`. The text is kept as it is. */
export const sendMessageSchema = z.object({
  text: longTextSchema.refine((text) => text.trim() !== "", "must not be empty"),
  mode: messageModeSchema.default("steer"),
});
export type SendMessage = z.infer<typeof sendMessageSchema>;

/** A message to an agent at work (docs/contract.md, section 2). */
export const messageSchema = z.object({
  id: idSchema,
  /** The attempt whose agent it is for. */
  dispatchId: idSchema,
  text: z.string(),
  mode: messageModeSchema,
  state: messageStateSchema,
  /** Why it was refused or, where it was taken otherwise than asked, how; in words. */
  reason: z.string().optional(),
  /** Who wrote it. */
  by: z.string(),
  createdAt: timestampSchema,
});
export type MessageView = z.infer<typeof messageSchema>;

/** The query of `GET /api/tasks/:id/messages`; `after` is a page's `nextCursor`. */
export const messageQuerySchema = z.object({ after: eventPositionSchema.default(0), limit: pageLimitSchema });

/** A page of messages, oldest first. */
export const messagePageSchema = z.object({
  items: z.array(messageSchema),
  nextCursor: z.string().nullable(),
});
