import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Task } from "../../tasks/task.ts";
import { RecordCache } from "./record-cache.ts";
import {
  differsOnlyLive,
  liveValues,
  recordValues,
  searchText,
  TASK_COLUMNS,
  taskOf,
  textsDiffer,
} from "./task-row.ts";

const CACHED_TASKS = 8192;

interface Entry {
  seq: number;
  task: Task;
}

/** Tasks by id. The long texts stand in a table of their own and are written only when they change. */
export class TaskTable {
  readonly #cache = new RecordCache<Entry>(CACHED_TASKS);
  readonly #select: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #updateLive: StatementSync;
  readonly #delete: StatementSync;
  readonly #writeText: StatementSync;
  readonly #deleteTags: StatementSync;
  readonly #insertTag: StatementSync;
  readonly #deleteSearch: StatementSync;
  readonly #insertSearch: StatementSync;

  constructor(db: DatabaseSync) {
    this.#select = db.prepare(
      `SELECT seq, ${TASK_COLUMNS} FROM tasks JOIN task_texts USING (seq) WHERE id = ?`,
    );
    this.#insert = db.prepare(
      "INSERT INTO tasks (status, agent_id, priority, record, updated_at, message, progress, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#update = db.prepare(
      "UPDATE tasks SET status = ?, agent_id = ?, priority = ?, record = ?, updated_at = ?, message = ?, progress = ? WHERE seq = ?",
    );
    this.#updateLive = db.prepare("UPDATE tasks SET updated_at = ?, message = ?, progress = ? WHERE seq = ?");
    this.#delete = db.prepare("DELETE FROM tasks WHERE seq = ?");
    this.#writeText = db.prepare(
      "INSERT INTO task_texts (seq, description, context) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET description = excluded.description, context = excluded.context",
    );
    this.#deleteTags = db.prepare("DELETE FROM task_tags WHERE seq = ?");
    this.#insertTag = db.prepare("INSERT OR IGNORE INTO task_tags (tag, seq) VALUES (?, ?)");
    this.#deleteSearch = db.prepare("DELETE FROM task_search WHERE rowid = ?");
    this.#insertSearch = db.prepare("INSERT INTO task_search (rowid, text) VALUES (?, ?)");
  }

  get(id: string): Task | null {
    return this.#entry(id)?.task ?? null;
  }

  /** Writes a task that is not there yet. */
  add(task: Task): void {
    const { lastInsertRowid } = this.#insert.run(...recordValues(task), ...liveValues(task), task.id);
    const seq = Number(lastInsertRowid);
    this.#writeTexts(seq, task);
    this.#cache.set(task.id, { seq, task });
  }

  /** Writes what differs from the task as it is stored. */
  update(task: Task): void {
    const entry = this.#entry(task.id);
    if (!entry) throw new Error(`Task ${task.id} is not stored.`);
    const { seq, task: before } = entry;
    if (differsOnlyLive(task, before)) this.#updateLive.run(...liveValues(task), seq);
    else {
      this.#update.run(...recordValues(task), ...liveValues(task), seq);
      if (textsDiffer(task, before)) {
        this.#deleteTags.run(seq);
        this.#deleteSearch.run(seq);
        this.#writeTexts(seq, task);
      }
    }
    this.#cache.set(task.id, { seq, task });
  }

  delete(id: string): void {
    const entry = this.#entry(id);
    if (!entry) return;
    this.#deleteSearch.run(entry.seq);
    this.#delete.run(entry.seq);
    this.#cache.delete(id);
  }

  /** A commit failed: what was cached may never have been stored. */
  rolledBack(): void {
    this.#cache.clear();
  }

  #entry(id: string): Entry | null {
    const cached = this.#cache.get(id);
    if (cached) return cached;
    const row = this.#select.get(id);
    if (!row) return null;
    const entry = { seq: Number(row.seq), task: taskOf(row) };
    this.#cache.set(id, entry);
    return entry;
  }

  #writeTexts(seq: number, task: Task): void {
    this.#writeText.run(seq, task.description, JSON.stringify(task.context));
    for (const tag of task.tags) this.#insertTag.run(tag, seq);
    this.#insertSearch.run(seq, searchText(task.title, task.description));
  }
}
