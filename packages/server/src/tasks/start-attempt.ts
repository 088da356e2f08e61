import type { Ruling } from "./change.ts";
import { dispatchEvent, statusEvent } from "./events.ts";
import type { Attempt, Task } from "./task.ts";

/**
 * Queues a new attempt at a task for an agent.
 * @param feedback what was said of the last one
 * @param openedBy the message of the operator that it begins with
 */
export function startAttempt(
  task: Task,
  agentId: string,
  dispatchId: string,
  feedback: string | null,
  now: string,
  openedBy?: string,
): Ruling & { attempt: Attempt } {
  const attempt: Attempt = {
    id: dispatchId,
    taskId: task.id,
    agentId,
    number: task.attempt + 1,
    state: "queued",
    priority: task.priority,
    feedback,
    note: null,
    queuedAt: now,
    sentAt: null,
    acceptedAt: null,
    endedAt: null,
    ...(openedBy === undefined ? {} : { openedBy, messages: { written: 1, sending: 1 } }),
  };
  const message = feedback === null ? "Queued" : "Sent back with feedback";
  return {
    beside: { usageBefore: task.usage },
    attempt,
    events: [dispatchEvent(attempt, now, message), statusEvent(task, "queued", attempt, now)],
  };
}
