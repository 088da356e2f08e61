import type { SQLInputValue } from "node:sqlite";
import type { Task } from "../../tasks/task.ts";
import { PRIORITY_RANK } from "../../tasks/task.ts";
import { type RecordFields, recordFields } from "../task-parts.ts";

/** The columns that make a task, of `tasks` joined with `task_texts`. */
export const TASK_COLUMNS = "record, tasks.updated_at, message, progress, description, context";

/** The task in a row of {@link TASK_COLUMNS}. */
export function taskOf(row: Record<string, unknown>): Task {
  const record = JSON.parse(String(row.record)) as RecordFields;
  return {
    ...record,
    ...(row.message === null ? {} : { message: String(row.message) }),
    ...(row.progress === null ? {} : { progress: Number(row.progress) }),
    updatedAt: String(row.updated_at),
    description: String(row.description),
    context: JSON.parse(String(row.context)),
  };
}

/** Values of `updated_at`, `message`, `progress`. */
export function liveValues({ updatedAt, message, progress }: Task): SQLInputValue[] {
  return [updatedAt, message ?? null, progress ?? null];
}

/** Values of `status`, `agent_id`, `priority`, `record`. */
export function recordValues(task: Task): SQLInputValue[] {
  return [task.status, task.agentId, PRIORITY_RANK[task.priority], JSON.stringify(recordFields(task))];
}
