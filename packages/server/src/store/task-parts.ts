import type { Task } from "../tasks/task.ts";

/** Fields that each callback writes; they are kept apart from the others. */
export type LiveFields = Pick<Task, "updatedAt" | "message" | "progress">;
/** Fields that are long, and seldom change. */
export type TextFields = Pick<Task, "description" | "context">;
/** All other fields. */
export type RecordFields = Omit<Task, keyof LiveFields | keyof TextFields>;

const LIVE: ReadonlySet<string> = new Set<keyof LiveFields>(["updatedAt", "message", "progress"]);

/** A task without its live fields and its texts. */
export function recordFields(task: Task): RecordFields {
  const {
    updatedAt: _at,
    message: _message,
    progress: _progress,
    description: _text,
    context: _context,
    ...record
  } = task;
  return record;
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
