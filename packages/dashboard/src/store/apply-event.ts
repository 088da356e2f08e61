import type { LogEvent, PermissionRequest, TaskStatus, TaskView } from "@mission-control/protocol";

/** A task without its attempts, as lists give it. */
export type TaskSummary = Omit<TaskView, "attempts">;

/** What an event makes of a task; `reload` when the event does not say enough. */
export type Applied = TaskSummary | "deleted" | "reload";

/**
 * Applies one event of the log to a task. Sets values and never counts, so applying an event twice, or again after a
 * newer snapshot followed by the rest, ends the same. Pure.
 */
export function applyEvent(task: TaskSummary, event: LogEvent): Applied {
  const data = event.data;
  switch (event.type) {
    case "task":
      return data.change === "deleted" ? "deleted" : "reload";
    case "status_change":
      return statusChanged(task, data.to as TaskStatus, event);
    case "dispatch":
      return dispatchMoved(task, event);
    case "activity":
      if (data.late === true || event.dispatchId !== task.dispatchId) return task;
      return {
        ...task,
        ...(event.message === undefined || data.runOutcome !== undefined ? {} : { message: event.message }),
        ...(event.progress === undefined ? {} : { progress: event.progress }),
        updatedAt: event.receivedAt,
      };
    case "complete":
      return { ...task, progress: 1, ...optional("summary", event.message), updatedAt: event.receivedAt };
    case "error":
      return {
        ...task,
        ...optional("error", event.message),
        ...optional("lastState", event.lastState),
        updatedAt: event.receivedAt,
      };
    case "permission":
      return permissionMoved(task, event);
    default:
      return task;
  }
}

/** What a new attempt begins without. */
const CLEARED = [
  "message",
  "progress",
  "summary",
  "error",
  "unknownReason",
  "lastState",
  "waitingFor",
] as const;

function statusChanged(task: TaskSummary, to: TaskStatus, event: LogEvent): TaskSummary {
  const moved: TaskSummary = {
    ...task,
    status: to,
    agentId: event.agentId ?? task.agentId,
    dispatchId: event.dispatchId ?? task.dispatchId,
    updatedAt: event.receivedAt,
  };
  if (to !== "in_progress") delete moved.waitingFor;
  delete moved.unknownReason;
  return moved;
}

function dispatchMoved(task: TaskSummary, event: LogEvent): TaskSummary {
  const { state, attempt, reason } = event.data;
  // How an agent answered a cancel may be told when the task has a later attempt.
  if (typeof attempt === "number" && attempt < task.attempt) return task;
  const moved: TaskSummary = {
    ...task,
    agentId: event.agentId ?? task.agentId,
    dispatchId: event.dispatchId ?? task.dispatchId,
    attempt: typeof attempt === "number" ? attempt : task.attempt,
    updatedAt: event.receivedAt,
  };
  if (state === "queued") {
    // A new attempt begins with a clean record (the earlier one keeps its own).
    for (const field of CLEARED) delete moved[field];
  }
  if (typeof reason === "string") moved[state === "unknown" ? "unknownReason" : "error"] = reason;
  return moved;
}

function permissionMoved(task: TaskSummary, event: LogEvent): TaskSummary | "reload" {
  if (event.data.state === "requested") {
    if (task.waitingFor) return task;
    const request = event.data.request as PermissionRequest | undefined;
    return request ? { ...task, waitingFor: request, updatedAt: event.receivedAt } : "reload";
  }
  // Answered or withdrawn: whether another request waits behind it, only the server knows.
  return task.waitingFor ? "reload" : task;
}

function optional<Field extends string>(
  field: Field,
  value: string | undefined,
): { [key in Field]?: string } {
  return (value === undefined ? {} : { [field]: value }) as { [key in Field]?: string };
}
