import type { Task } from "../tasks/task.ts";

/** Fields that each callback writes; they are kept apart from the others. */
export type LiveFields = Pick<Task, "updatedAt" | "message" | "progress" | "lastWordAt">;
/** Fields that are long, and seldom change. */
export type TextFields = Pick<Task, "description" | "context">;
/** All other fields. */
export type RecordFields = Omit<Task, keyof LiveFields | keyof TextFields | "waiting">;

const LIVE: ReadonlySet<string> = new Set<keyof LiveFields>([
  "updatedAt",
  "message",
  "progress",
  "lastWordAt",
]);

/** A task without its live fields, its texts, and what it waits for, which is sorted by and has columns of its own. */
export function recordFields(task: Task): RecordFields {
  const {
    updatedAt: _at,
    message: _message,
    progress: _progress,
    lastWordAt: _lastWordAt,
    waiting: _waiting,
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
