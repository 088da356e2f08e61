import type { Task } from "../../tasks/task.ts";
import { PRIORITY_RANK } from "../../tasks/task.ts";
import { searchText } from "../search-text.ts";
import { recordFields } from "../task-parts.ts";

/** The columns that make a task, of `tasks` joined with `task_live`. */
export const TASK_COLUMNS =
  "tasks.id, tasks.record, tasks.texts, tasks.waits_kind, tasks.waits_since, task_live.live";
export const TASKS = "tasks JOIN task_live USING (seq)";

/** The task in a row of {@link TASK_COLUMNS}. */
export function taskOf({ record, texts, live, waits_kind: kind, waits_since: since }: Row): Task {
  const waiting = kind ? { waiting: { kind, since } } : {};
  return { ...parsed(record), ...parsed(texts), ...parsed(live), ...waiting } as Task;
}

type Row = Record<string, string>;

/** Value of `task_live.live`. */
export function liveOf({ updatedAt, message, progress, lastWordAt }: Task): string {
  return JSON.stringify({ updatedAt, message, progress, lastWordAt });
}

/** Value of `tasks.texts`. */
function textsOf({ description, context }: Task): string {
  return JSON.stringify({ description, context });
}

/** Values of `id`, `status`, `agent_id`, `priority`, `waits_kind`, `waits_since`, `record`. */
export function recordValues(task: Task): unknown[] {
  const { id, status, agentId, priority, waiting } = task;
  const record = JSON.stringify(recordFields(task));
  return [
    id,
    status,
    agentId,
    PRIORITY_RANK[priority],
    waiting?.kind ?? null,
    waiting?.since ?? null,
    record,
  ];
}

/** Values of `texts`, `tags` (as JSON), `search`. */
export function textValues(task: Task): [string, string, string] {
  const { title, description, tags } = task;
  return [textsOf(task), JSON.stringify(tags.map(tagOf)), searchable(searchText(title, description))];
}

/** A tag as it is kept: PostgreSQL's texts cannot hold U+0000. */
export function tagOf(tag: string): string {
  return JSON.stringify(tag).slice(1, -1);
}

/** A text as it is searched; U+0000 stands there as a character of the private-use area. */
export function searchable(text: string): string {
  return text.toLowerCase().replaceAll("\0", "\ue000");
}

function parsed(json: string | undefined): object {
  return JSON.parse(json ?? "{}") as object;
}
