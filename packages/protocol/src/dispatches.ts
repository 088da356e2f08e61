import { z } from "zod";
import { idSchema, jsonObjectSchema, timestampSchema, usageSchema } from "./common.ts";

/**
 * The life of one attempt (docs/contract.md, section 2). `unknown`: it went out whole and nothing certain came back; it
 * keeps its slot and is never sent again by itself.
 */
export const dispatchStateSchema = z.enum([
  "queued",
  "sending",
  "accepted",
  "running",
  "unknown",
  "completed",
  "failed",
  "rejected",
  "cancelled",
  "lost",
]);
export type DispatchState = z.infer<typeof dispatchStateSchema>;

/**
 * How an attempt is missed: its agent accepted it and has not said a word yet (`not_responding`), has said none for
 * long (`silent`), or cannot be reached (`offline`).
 */
export const silenceStateSchema = z.enum(["not_responding", "silent", "offline"]);
export type SilenceState = z.infer<typeof silenceStateSchema>;

/** What is missed of the agent at work, since when, and why where that is known, in words. */
export const silenceSchema = z.object({
  state: silenceStateSchema,
  since: timestampSchema,
  reason: z.string().optional(),
});
export type Silence = z.infer<typeof silenceSchema>;

/** An answer of the operator that the agent at work did not get: to which question, why, and since when that is known. */
export const undeliveredSchema = z.object({
  requestId: idSchema,
  title: z.string(),
  reason: z.string(),
  since: timestampSchema,
});
export type Undelivered = z.infer<typeof undeliveredSchema>;

/** One attempt as the task shows it. */
export const dispatchSchema = z.object({
  id: idSchema,
  attempt: z.number().int(),
  agentId: idSchema,
  state: dispatchStateSchema,
  summary: z.string().optional(),
  /** Why it ended badly or, while it is `unknown`, why nobody can say; in words. */
  error: z.string().optional(),
  lastState: z.string().optional(),
  feedback: z.string().nullable(),
  usage: usageSchema.optional(),
  queuedAt: timestampSchema,
  sentAt: timestampSchema.nullable(),
  acceptedAt: timestampSchema.nullable(),
  /** When its agent, or the gateway that runs it, last said something of it. */
  lastWordAt: timestampSchema.nullable(),
  endedAt: timestampSchema.nullable(),
});
export type DispatchView = z.infer<typeof dispatchSchema>;

/** Which task of a queue goes first: the most urgent, then the oldest. */
export const prioritySchema = z.enum(["low", "normal", "high", "urgent"]);
export type Priority = z.infer<typeof prioritySchema>;

/** What an agent receives (docs/contract.md, section 3). */
export const dispatchPayloadSchema = z.object({
  version: z.literal(1),
  dispatchId: idSchema,
  attempt: z.number().int().positive(),
  task: z.object({
    id: idSchema,
    title: z.string(),
    description: z.string(),
    priority: prioritySchema,
    tags: z.array(z.string()),
    context: jsonObjectSchema,
    feedback: z.string().nullable(),
  }),
  agent: z.object({ id: idSchema, name: z.string(), capabilities: z.array(z.string()) }),
  callback: z.object({ url: z.url(), secret: z.string(), scheme: z.literal("standard-webhooks") }),
  dispatchedAt: timestampSchema,
});
export type DispatchPayload = z.infer<typeof dispatchPayloadSchema>;

/** What an agent was sent for an attempt, its secret hidden. */
export const sentPayloadSchema = z.object({
  /** Whether it is as it was sent; false where it was not sent yet, or by a version that did not keep it. */
  isKept: z.boolean(),
  kind: z.enum(["openclaw", "http"]),
  payload: dispatchPayloadSchema,
  /** Whether the task's context was too large to be kept, and stands there empty. */
  contextOmitted: z.boolean().optional(),
  /** The words that an agent behind an OpenClaw Gateway got it in: the parameters of its `agent` turn. */
  turn: z.object({ message: z.string(), extraSystemPrompt: z.string() }).optional(),
});
export type SentPayloadView = z.infer<typeof sentPayloadSchema>;
