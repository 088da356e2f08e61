import type { SQLInputValue } from "node:sqlite";
import type { Task } from "../../tasks/task.ts";
import { PRIORITY_RANK } from "../../tasks/task.ts";

/** The columns that make a task, of `tasks` joined with `task_texts`. */
export const TASK_COLUMNS = "record, tasks.updated_at, message, progress, description, context";

/** Fields with a column of their own that each callback writes; the record does not repeat them. */
type LiveFields = Pick<Task, "updatedAt" | "message" | "progress">;
type RecordFields = Omit<Task, keyof LiveFields | "description" | "context">;

const LIVE: ReadonlySet<string> = new Set<keyof LiveFields>(["updatedAt", "message", "progress"]);

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
  const {
    updatedAt: _at,
    message: _message,
    progress: _progress,
    description: _text,
    context: _context,
    ...record
  } = task;
  return [task.status, task.agentId, PRIORITY_RANK[task.priority], JSON.stringify(record)];
}

/**
 * Whether only live fields differ. A statement that names a column rewrites every index that holds it, even with
 * the same value; a callback that only tells progress must not pay for that.
 */
export function differsOnlyLive(task: Task, before: Task): boolean {
  for (const key in task) {
    if (task[key as keyof Task] !== before[key as keyof Task] && !LIVE.has(key)) return false;
  }
  return true;
}

/** Whether what stands beside the task's row differs: its texts, tags and search entry. */
export function textsDiffer(task: Task, before: Task): boolean {
  return (
    task.title !== before.title ||
    task.description !== before.description ||
    task.context !== before.context ||
    task.tags !== before.tags ||
    task.priority !== before.priority
  );
}
