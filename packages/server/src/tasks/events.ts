import type { EventType, JsonObject, NewEvent, TaskStatus } from "@mission-control/protocol";
import type { Attempt, Task } from "./task.ts";

interface Details {
  message?: string | undefined;
  progress?: number | undefined;
  lastState?: string | undefined;
  data?: JsonObject | undefined;
  /** When it happened, if somebody else's clock said so. */
  timestamp?: string | undefined;
}

/** An event about a task and, where there is one, an attempt. */
export function taskEvent(
  type: EventType,
  subject: { taskId: string; agentId?: string | null; dispatchId?: string | null },
  now: string,
  details: Details = {},
): NewEvent {
  const { taskId, agentId, dispatchId } = subject;
  const { message, progress, lastState, data = {}, timestamp = now } = details;
  // All fields in every event: those that are undefined are not written, and objects of one shape are read fastest.
  return {
    type,
    taskId,
    agentId: agentId ?? undefined,
    dispatchId: dispatchId ?? undefined,
    message,
    progress,
    lastState,
    data,
    timestamp,
    receivedAt: now,
  };
}

/** Whom an event of an attempt is about. */
export function subjectOf(attempt: Attempt): { taskId: string; agentId: string; dispatchId: string } {
  return { taskId: attempt.taskId, agentId: attempt.agentId, dispatchId: attempt.id };
}

/**
 * The operator's side of an attempt moved: queued, sending, accepted, unknown, rejected, failed, cancelled or lost.
 * @param more further fields of its `data`
 */
export function dispatchEvent(
  attempt: Attempt,
  now: string,
  message: string,
  more: JsonObject = {},
): NewEvent {
  const data: JsonObject = { state: attempt.state, attempt: attempt.number, ...more };
  if (attempt.error !== undefined) data.reason = attempt.error;
  return taskEvent("dispatch", subjectOf(attempt), now, { message, data });
}

/** The task's status moved. */
export function statusEvent(before: Task, to: TaskStatus, attempt: Attempt | null, now: string): NewEvent {
  const subject = attempt
    ? subjectOf(attempt)
    : { taskId: before.id, agentId: before.agentId, dispatchId: before.dispatchId };
  return taskEvent("status_change", subject, now, { data: { from: before.status, to } });
}
