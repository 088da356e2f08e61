import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Task } from "../../tasks/task.ts";
import { PRIORITY_RANK } from "../store.ts";
import { RecordCache } from "./record-cache.ts";

const CACHED_TASKS = 8192;
/** Characters of a description that a search looks through. */
const SEARCHED_DESCRIPTION = 8192;

/** Tasks by id. The long texts stand in a table of their own and are written only when they change. */
export class TaskTable {
  readonly #cache = new RecordCache<Task>(CACHED_TASKS);
  readonly #select: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #touch: StatementSync;
  readonly #delete: StatementSync;
  readonly #writeText: StatementSync;
  readonly #seq: StatementSync;
  readonly #deleteTags: StatementSync;
  readonly #insertTag: StatementSync;
  readonly #deleteSearch: StatementSync;
  readonly #insertSearch: StatementSync;

  constructor(db: DatabaseSync) {
    this.#select = db.prepare(
      "SELECT record, description, context FROM tasks JOIN task_texts USING (seq) WHERE id = ?",
    );
    this.#insert = db.prepare(
      "INSERT INTO tasks (status, agent_id, priority, updated_at, record, id) VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.#update = db.prepare(
      "UPDATE tasks SET status = ?, agent_id = ?, priority = ?, updated_at = ?, record = ? WHERE id = ?",
    );
    this.#touch = db.prepare("UPDATE tasks SET updated_at = ?, record = ? WHERE id = ?");
    this.#delete = db.prepare("DELETE FROM tasks WHERE id = ?");
    this.#writeText = db.prepare(
      "INSERT INTO task_texts (seq, description, context) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET description = excluded.description, context = excluded.context",
    );
    this.#seq = db.prepare("SELECT seq FROM tasks WHERE id = ?");
    this.#deleteTags = db.prepare("DELETE FROM task_tags WHERE seq = ?");
    this.#insertTag = db.prepare("INSERT OR IGNORE INTO task_tags (tag, seq) VALUES (?, ?)");
    this.#deleteSearch = db.prepare("DELETE FROM task_search WHERE rowid = ?");
    this.#insertSearch = db.prepare("INSERT INTO task_search (rowid, text) VALUES (?, ?)");
  }

  get(id: string): Task | null {
    const cached = this.#cache.get(id);
    if (cached) return cached;
    const row = this.#select.get(id);
    if (!row) return null;
    const task = taskOf(row);
    this.#cache.set(id, task);
    return task;
  }

  /** Writes what differs from `before`, the task as it is stored. */
  write(task: Task, before: Task | null): void {
    const { description: _description, context: _context, ...rest } = task;
    const { status, agentId, priority, updatedAt, id } = task;
    const record = JSON.stringify(rest);
    if (before && sortsAlike(task, before)) this.#touch.run(updatedAt, record, id);
    else
      (before ? this.#update : this.#insert).run(
        status,
        agentId,
        PRIORITY_RANK[priority],
        updatedAt,
        record,
        id,
      );
    if (!before || textsDiffer(task, before)) this.#writeTexts(task, before !== null);
    this.#cache.set(id, task);
  }

  delete(id: string): void {
    this.#deleteSearch.run(this.#seqOf(id));
    this.#delete.run(id);
    this.#cache.delete(id);
  }

  /** A commit failed: what was cached may never have been stored. */
  rolledBack(): void {
    this.#cache.clear();
  }

  #writeTexts(task: Task, replace: boolean): void {
    const seq = this.#seqOf(task.id);
    if (replace) {
      this.#deleteTags.run(seq);
      this.#deleteSearch.run(seq);
    }
    this.#writeText.run(seq, task.description, JSON.stringify(task.context));
    for (const tag of task.tags) this.#insertTag.run(tag, seq);
    this.#insertSearch.run(seq, searchText(task.title, task.description));
  }

  #seqOf(id: string): number {
    return Number(this.#seq.get(id)?.seq);
  }
}

/**
 * Whether the list finds the task where it did, but for its time. A statement that names a column rewrites every
 * index that holds it, even with the same value; a callback that only tells progress must not pay for that.
 */
function sortsAlike(task: Task, before: Task): boolean {
  return (
    task.status === before.status && task.agentId === before.agentId && task.priority === before.priority
  );
}

function textsDiffer(task: Task, before: Task): boolean {
  return (
    task.title !== before.title ||
    task.description !== before.description ||
    task.context !== before.context ||
    task.tags !== before.tags
  );
}

/** What a search looks through: the title and the first part of the description. */
export function searchText(title: string, description: string): string {
  return `${title}\n${description.slice(0, SEARCHED_DESCRIPTION)}`;
}

/** The task in a row of `record`, `description` and `context`. */
export function taskOf(row: Record<string, unknown>): Task {
  const rest = JSON.parse(String(row.record)) as Omit<Task, "description" | "context">;
  return { ...rest, description: String(row.description), context: JSON.parse(String(row.context)) };
}
