import type { LogEvent, NewEvent } from "@mission-control/protocol";
import type { Task } from "./task.ts";

/** The task after an agent, or its gateway, told what it is doing. */
export function withActivity(
  task: Task,
  told: { message?: string | undefined; progress?: number | undefined },
  now: string,
): Task {
  return {
    ...task,
    message: told.message ?? task.message,
    progress: told.progress ?? task.progress,
    updatedAt: now,
  };
}

/** Whether an event of the log told, by {@link withActivity}, what a task's current attempt is doing. */
export function isActivityOf(task: Task, event: LogEvent | NewEvent): boolean {
  const { type, taskId, dispatchId, data } = event;
  const isCurrent = taskId === task.id && dispatchId === task.dispatchId;
  return type === "activity" && isCurrent && data.late !== true && data.runOutcome === undefined;
}
