import type { PermissionRequest } from "./callbacks.ts";
import type { Silence } from "./dispatches.ts";
import type { NewEvent } from "./events.ts";
import type { TaskStatus, TaskSummary } from "./tasks.ts";

/** The fields of a task that its events move. */
export type FoldedFields = Readonly<
  Pick<
    TaskSummary,
    | "status"
    | "agentId"
    | "dispatchId"
    | "attempt"
    | "message"
    | "progress"
    | "summary"
    | "error"
    | "unknownReason"
    | "lastState"
    | "waitingFor"
    | "lastWordAt"
    | "silence"
    | "undelivered"
    | "updatedAt"
  >
>;

/**
 * What an event makes of a task: the task after it (the same object where nothing of it moved), `deleted`, or
 * `incomplete` where the event does not say enough: an edit names its fields but not their values, and behind an
 * answered permission request another one may wait. Then only the server knows the task.
 */
export type Folded<T> = T | "deleted" | "incomplete";

/**
 * Folds one event of the log into the task it is about. The server decides events and gets the task from them by this
 * function, and so does whoever follows the stream: both have the same task. What a task's attempts used (`usage`) is
 * not in its events.
 *
 * Pure. Sets values and never counts, so that an event folded in twice, or again after a newer snapshot followed by
 * the rest, ends the same. Needs the events in the order of the log.
 *
 * @param task the task before the event; fields that events do not move are kept as they are
 * @param event an event of this task, with or without its position
 */
export function foldEvent<T extends FoldedFields>(task: T, event: NewEvent): Folded<T> {
  const { type, data, message, receivedAt: updatedAt } = event;
  switch (type) {
    case "task":
      return data.change === "deleted" ? "deleted" : "incomplete";
    case "status_change":
      return statusChanged(task, data.to as TaskStatus, event);
    case "dispatch":
      return dispatchMoved(task, event);
    case "activity":
      if (data.late === true || event.dispatchId !== task.dispatchId) return task;
      return {
        ...task,
        // The text of a run's end is its outcome, not what the agent is doing.
        message: data.runOutcome === undefined ? (message ?? task.message) : task.message,
        progress: event.progress ?? task.progress,
        updatedAt,
        lastWordAt: updatedAt,
        silence: undefined,
      };
    case "complete":
      return { ...task, ...lastWord(task, event), progress: 1, summary: message, updatedAt };
    case "error":
      return { ...task, ...lastWord(task, event), error: message, lastState: event.lastState, updatedAt };
    case "permission":
      return permissionMoved(task, event);
    case "message":
      // Whoever wrote to the agent has seen to it.
      return task.undelivered && data.state === "sending" && event.dispatchId === task.dispatchId
        ? { ...task, undelivered: undefined, updatedAt }
        : task;
    case "artifact":
      return { ...task, updatedAt, lastWordAt: updatedAt, silence: undefined };
    default:
      return task;
  }
}

/** An end that was inferred, because its agent did not tell it, is none of its words. */
function lastWord(task: FoldedFields, { data, receivedAt }: NewEvent): Partial<FoldedFields> {
  return { lastWordAt: data.inferred === true ? task.lastWordAt : receivedAt, silence: undefined };
}

function statusChanged<T extends FoldedFields>(task: T, to: TaskStatus, event: NewEvent): T {
  return {
    ...task,
    status: to,
    agentId: event.agentId ?? task.agentId,
    dispatchId: event.dispatchId ?? task.dispatchId,
    unknownReason: undefined,
    waitingFor: to === "in_progress" ? task.waitingFor : undefined,
    undelivered: undefined,
    silence: undefined,
    updatedAt: event.receivedAt,
  };
}

function dispatchMoved<T extends FoldedFields>(task: T, event: NewEvent): T {
  const { state, attempt, reason, silence } = event.data;
  const number = typeof attempt === "number" ? attempt : task.attempt;
  // How its agent answered a cancel may be known only when the task has a later attempt.
  if (number < task.attempt) return task;
  if (number > task.attempt) return newAttempt(task, number, event);
  if (silence !== undefined) {
    return { ...task, silence: (silence as Silence | null) ?? undefined, updatedAt: event.receivedAt };
  }
  if (typeof reason !== "string") return task;
  const field = state === "unknown" ? "unknownReason" : "error";
  return { ...task, [field]: reason, updatedAt: event.receivedAt };
}

/** A new attempt begins with a clean record; the earlier one keeps its own. */
function newAttempt<T extends FoldedFields>(task: T, attempt: number, event: NewEvent): T {
  return {
    ...task,
    agentId: event.agentId ?? task.agentId,
    dispatchId: event.dispatchId ?? task.dispatchId,
    attempt,
    message: undefined,
    progress: undefined,
    summary: undefined,
    error: undefined,
    unknownReason: undefined,
    lastState: undefined,
    waitingFor: undefined,
    undelivered: undefined,
    lastWordAt: undefined,
    silence: undefined,
    updatedAt: event.receivedAt,
  };
}

/** A task waits for its oldest open request; the others are not in it. */
function permissionMoved<T extends FoldedFields>(task: T, event: NewEvent): Folded<T> {
  const { state, request, requestId } = event.data;
  const asked = request as PermissionRequest | undefined;
  const isWaiting = task.waitingFor !== undefined && task.waitingFor.id === (asked?.id ?? requestId);
  const updatedAt = event.receivedAt;
  if (state === "undelivered") return { ...task, ...notDelivered(task, event), updatedAt };
  // What the operator answered is no word of the agent.
  const lastWordAt = state === "answered" ? task.lastWordAt : updatedAt;
  const told = { updatedAt, lastWordAt, silence: undefined };
  if (state !== "requested") return isWaiting ? "incomplete" : { ...task, ...told };
  const replaces = task.waitingFor === undefined || isWaiting;
  return {
    ...task,
    ...told,
    waitingFor: replaces ? asked : task.waitingFor,
    // What it asks again, it can be answered again.
    undelivered: undefined,
  };
}

/** Nobody waits for an answer to an attempt that is over, or that another one follows. */
function notDelivered(
  { status, dispatchId }: FoldedFields,
  { data, dispatchId: of, receivedAt: since }: NewEvent,
): Partial<Pick<FoldedFields, "undelivered">> {
  if (status !== "in_progress" || of !== dispatchId) return {};
  const { requestId, title, reason } = data;
  return {
    undelivered: {
      requestId: String(requestId),
      title: String(title ?? ""),
      reason: String(reason ?? ""),
      since,
    },
  };
}
