import type { InboxKind } from "@mission-control/protocol";
import { openPermission } from "./permissions.ts";
import type { Attempt, Task } from "./task.ts";

/** That a task waits for a human, what with, and since when (ISO 8601 UTC): an item of the inbox. */
export interface Waiting {
  readonly kind: InboxKind;
  readonly since: string;
}

/**
 * What a task waits for a human with; undefined when it does not. The same object as before where nothing moved.
 * @param task the task as it is now, with what it waited with before
 * @param attempt its current attempt, or one that the change was about
 * @param now for what nothing else gives the time of
 */
export function waitingOf(task: Task, attempt: Attempt | null, now: string): Waiting | undefined {
  const kind = kindOf(task);
  if (kind === undefined) return undefined;
  const before = task.waiting?.kind === kind ? task.waiting : undefined;
  const current = attempt?.id === task.dispatchId ? attempt : null;
  const since = sinceOf(kind, task, current) ?? before?.since ?? now;
  return before?.since === since ? before : { kind, since };
}

function kindOf({ status, waitingFor, undelivered, silence }: Task): InboxKind | undefined {
  if (status === "review") return "review";
  if (status === "failed") return "failure";
  if (waitingFor) return "question";
  if (undelivered) return "undelivered";
  // What was accepted a moment ago need not trouble anybody yet.
  return silence && silence.state !== "not_responding" ? "silent" : undefined;
}

function sinceOf(
  kind: InboxKind,
  { silence, undelivered }: Task,
  current: Attempt | null,
): string | null | undefined {
  if (kind === "silent") return silence?.since;
  if (kind === "undelivered") return undelivered?.since;
  if (kind === "question") return current && openPermission(current)?.askedAt;
  return current?.endedAt;
}
