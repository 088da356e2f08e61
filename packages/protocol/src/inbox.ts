import { z } from "zod";
import { permissionRequestSchema } from "./callbacks.ts";
import { timestampSchema } from "./common.ts";
import { taskSummarySchema } from "./tasks.ts";

/**
 * What a task waits for a human with: a `question` of its agent, an answer that its agent did not get (`undelivered`), a result in `review`, a `failure` that nobody has
 * dispatched again, an agent that is `silent` or cannot be reached although it has the task.
 */
export const inboxKindSchema = z.enum(["question", "undelivered", "review", "failure", "silent"]);
export type InboxKind = z.infer<typeof inboxKindSchema>;

/** One task that waits, since when, and for a `question` the request to answer: the oldest that is open. */
export const inboxItemSchema = z.object({
  kind: inboxKindSchema,
  task: taskSummarySchema,
  since: timestampSchema,
  request: permissionRequestSchema.optional(),
});
export type InboxItem = z.infer<typeof inboxItemSchema>;

/** Tasks of a kind are counted up to this many: more are told as so many. */
export const MAX_INBOX_COUNT = 10_000;

/** The query of `GET /api/inbox`: how many items of each kind, so that many failures do not hide a question. */
export const inboxQuerySchema = z.object({ limit: z.coerce.number().int().min(1).max(500).default(100) });

/**
 * All that waits for a human, oldest first, exact as of `lastEventId`. `counts` tells how many there are of each kind,
 * also beyond what is listed; `running` how many tasks are in progress, without those whose agent is silent.
 */
export const inboxSchema = z.object({
  items: z.array(inboxItemSchema),
  counts: z.record(inboxKindSchema, z.number().int()),
  running: z.number().int(),
  lastEventId: z.number().int(),
});
export type Inbox = z.infer<typeof inboxSchema>;
