import { z } from "zod";
import { permissionRequestSchema } from "./callbacks.ts";
import {
  idSchema,
  jsonObjectSchema,
  longTextSchema,
  pageLimitSchema,
  searchTextSchema,
  shortTextSchema,
  timestampSchema,
  usageSchema,
} from "./common.ts";
import { dispatchSchema, prioritySchema, silenceSchema, undeliveredSchema } from "./dispatches.ts";
import { formValuesSchema } from "./forms.ts";

/** Where a task stands (docs/contract.md, section 2, says what leads from one to the next). */
export const taskStatusSchema = z.enum([
  "pending",
  "queued",
  "in_progress",
  "review",
  "completed",
  "failed",
  "cancelled",
]);
export type TaskStatus = z.infer<typeof taskStatusSchema>;

const tagsSchema = z.array(z.string().trim().min(1).max(64)).max(32);

/**
 * The body of `POST /api/tasks`. Texts are trimmed; `context` is the operator's own JSON and goes to the agent as it
 * is.
 */
export const createTaskSchema = z.object({
  title: shortTextSchema,
  description: longTextSchema.default(""),
  priority: prioritySchema.default("normal"),
  tags: tagsSchema.default([]),
  context: jsonObjectSchema.default({}),
  requiresReview: z.boolean().default(false),
});
export type CreateTask = z.infer<typeof createTaskSchema>;

/** The body of `PATCH /api/tasks/:id`: what is absent stays as it is. */
export const patchTaskSchema = z
  .object({
    title: shortTextSchema,
    description: longTextSchema,
    priority: prioritySchema,
    tags: tagsSchema,
    context: jsonObjectSchema,
    requiresReview: z.boolean(),
  })
  .partial();
export type PatchTask = z.infer<typeof patchTaskSchema>;

/** A task in a list: everything but its attempts. */
export const taskSummarySchema = z.object({
  id: idSchema,
  title: z.string(),
  description: z.string(),
  priority: prioritySchema,
  tags: z.array(z.string()),
  context: jsonObjectSchema,
  requiresReview: z.boolean(),
  status: taskStatusSchema,
  agentId: idSchema.nullable(),
  dispatchId: idSchema.nullable(),
  attempt: z.number().int(),
  message: z.string().optional(),
  progress: z.number().optional(),
  summary: z.string().optional(),
  error: z.string().optional(),
  /** Why it is not known whether the agent has the current attempt, in words; there while that is `unknown`. */
  unknownReason: z.string().optional(),
  lastState: z.string().optional(),
  waitingFor: permissionRequestSchema.optional(),
  /** When the agent of the current attempt, or the gateway that runs it, last said something of it. */
  lastWordAt: timestampSchema.optional(),
  /** That the agent of the current attempt is missed; there until its next word. */
  silence: silenceSchema.optional(),
  /** An answer that its agent did not get; there until the operator writes to it, it asks again, or the attempt ends. */
  undelivered: undeliveredSchema.optional(),
  usage: usageSchema.optional(),
  createdAt: timestampSchema,
  updatedAt: timestampSchema,
});

export type TaskSummary = z.infer<typeof taskSummarySchema>;

/** A task with all its attempts, oldest first. */
export const taskSchema = taskSummarySchema.extend({ attempts: z.array(dispatchSchema) });
export type TaskView = z.infer<typeof taskSchema>;

/** What a list of tasks is sorted by, always descending: most urgent or newest first. */
export const taskSortSchema = z.enum(["priority", "createdAt", "updatedAt"]);
export type TaskSort = z.infer<typeof taskSortSchema>;

/** The query of `GET /api/tasks`. `q` is looked for in titles and descriptions; `cursor` is a page's `nextCursor`. */
export const taskQuerySchema = z.object({
  status: taskStatusSchema.optional(),
  agentId: idSchema.optional(),
  tag: z.string().min(1).max(64).optional(),
  q: searchTextSchema.optional(),
  sort: taskSortSchema.default("createdAt"),
  limit: pageLimitSchema,
  cursor: z.string().max(1024).optional(),
});
export type TaskQuery = z.infer<typeof taskQuerySchema>;

/** The query of `GET /api/tasks/counts`. */
export const taskCountQuerySchema = taskQuerySchema.pick({ agentId: true, tag: true });
export type TaskCountQuery = z.infer<typeof taskCountQuerySchema>;

/** How many tasks there are of each status, exact as of `lastEventId`. */
export const taskCountsSchema = z.object({
  counts: z.record(taskStatusSchema, z.number().int()),
  /** False where there are more than could be counted in a moment: then there are at least so many. */
  isComplete: z.boolean(),
  lastEventId: z.number().int(),
});
export type TaskCountsView = z.infer<typeof taskCountsSchema>;

/** A page of tasks, exact as of `lastEventId`. */
export const taskPageSchema = z.object({
  items: z.array(taskSummarySchema),
  nextCursor: z.string().nullable(),
  lastEventId: z.number().int(),
});

/** The body of `POST /api/tasks/:id/dispatch`. */
export const dispatchTaskSchema = z.object({ agentId: idSchema });
/** The body of `POST /api/tasks/:id/reject`: what the agent is told to do better. */
export const rejectTaskSchema = z.object({ feedback: longTextSchema.min(1) });
/**
 * The body of an answer to a permission request: one of the options it offered and, where it has fields, what they are
 * filled in with.
 */
export const answerPermissionSchema = z
  .object({ optionId: z.string().min(1).max(128).optional(), values: formValuesSchema.optional() })
  .refine(({ optionId, values }) => optionId !== undefined || values !== undefined, {
    path: ["optionId"],
    message: "must be one of the request's options, or there must be values for its fields",
  });
export type AnswerPermission = z.infer<typeof answerPermissionSchema>;
