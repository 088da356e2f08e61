import type { SQLInputValue } from "node:sqlite";
import type { InboxKind } from "@mission-control/protocol";
import type { Task } from "../../tasks/task.ts";
import { PRIORITY_RANK } from "../../tasks/task.ts";
import { type RecordFields, recordFields } from "../task-parts.ts";

/** The columns that make a task, of `tasks` joined with `task_texts`. */
export const TASK_COLUMNS =
  "record, tasks.updated_at, message, progress, last_word_at, waits_kind, waits_since, description, context";

/** The task in a row of {@link TASK_COLUMNS}. */
export function taskOf(row: Record<string, unknown>): Task {
  const record = JSON.parse(String(row.record)) as RecordFields;
  return {
    ...record,
    ...(row.message === null ? {} : { message: String(row.message) }),
    ...(row.progress === null ? {} : { progress: Number(row.progress) }),
    ...(row.last_word_at === null ? {} : { lastWordAt: String(row.last_word_at) }),
    ...(row.waits_kind === null
      ? {}
      : { waiting: { kind: row.waits_kind as InboxKind, since: String(row.waits_since) } }),
    updatedAt: String(row.updated_at),
    description: String(row.description),
    context: JSON.parse(String(row.context)),
  };
}

/** Values of `updated_at`, `message`, `progress`, `last_word_at`. */
export function liveValues({ updatedAt, message, progress, lastWordAt }: Task): SQLInputValue[] {
  return [updatedAt, message ?? null, progress ?? null, lastWordAt ?? null];
}

/** Values of `status`, `agent_id`, `priority`, `waits_kind`, `waits_since`, `record`. */
export function recordValues(task: Task): SQLInputValue[] {
  const { status, agentId, priority, waiting } = task;
  const record = JSON.stringify(recordFields(task));
  return [status, agentId, PRIORITY_RANK[priority], waiting?.kind ?? null, waiting?.since ?? null, record];
}
