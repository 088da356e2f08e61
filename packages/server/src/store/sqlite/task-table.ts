import type { DatabaseSync, StatementSync } from "node:sqlite";
import { LruMap } from "toad-cache";
import type { Task } from "../../tasks/task.ts";
import { hasEnded, PRIORITY_RANK } from "../../tasks/task.ts";
import { searchText } from "../search-text.ts";
import { differsOnlyLive, textsDiffer } from "../task-parts.ts";
import { indexedText } from "./search-index.ts";
import { TaskCounts } from "./task-counts.ts";
import { liveValues, recordValues, TASK_COLUMNS, taskOf } from "./task-row.ts";
import { Waiting } from "./waiting.ts";

const CACHED_TASKS = 8192;
/** Tasks whose texts go into the search's index together: enough to share its pages, few enough to keep commits short. */
const SEARCH_BATCH = 256;

/** A task with its row number and the event it is as of. */
interface TaskEntry {
  seq: number;
  task: Task;
  /** Id of the newest event whose effect the task shows. */
  asOf: number;
}

/**
 * Tasks by id. The long texts stand in a table of their own and are written only when they change. Two things follow a
 * task's row later, many tasks in one write: live fields, if nothing else changed, and the texts in the search's index.
 * The events say the same.
 */
export class TaskTable {
  readonly counts: TaskCounts;
  /** Tasks of which only live fields changed since they were written. */
  readonly #live = new Waiting<TaskEntry>();
  /** Row numbers of the tasks whose texts the search's index does not know yet. */
  readonly #unsearchable = new Waiting<number>();
  readonly #cache = new LruMap<TaskEntry>(CACHED_TASKS);
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
      `SELECT seq, as_of, ${TASK_COLUMNS} FROM tasks JOIN task_texts USING (seq) WHERE id = ?`,
    );
    this.#insert = db.prepare(
      "INSERT INTO tasks (status, agent_id, priority, waits_kind, waits_since, record, updated_at, message, progress, last_word_at, as_of, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#update = db.prepare(
      "UPDATE tasks SET status = ?, agent_id = ?, priority = ?, waits_kind = ?, waits_since = ?, record = ?, updated_at = ?, message = ?, progress = ?, last_word_at = ?, as_of = ? WHERE seq = ?",
    );
    this.counts = new TaskCounts(db);
    this.#updateLive = db.prepare(
      "UPDATE tasks SET updated_at = ?, message = ?, progress = ?, last_word_at = ?, as_of = ? WHERE seq = ?",
    );
    this.#delete = db.prepare("DELETE FROM tasks WHERE seq = ?");
    this.#writeText = db.prepare(
      "INSERT OR REPLACE INTO task_texts (seq, title, description, context) VALUES (?, ?, ?, ?)",
    );
    this.#deleteTags = db.prepare("DELETE FROM task_tags WHERE seq = ?");
    this.#insertTag = db.prepare("INSERT OR IGNORE INTO task_tags (tag, priority, seq) VALUES (?, ?, ?)");
    this.#deleteSearch = db.prepare("DELETE FROM task_search WHERE rowid = ?");
    this.#insertSearch = db.prepare("INSERT INTO task_search (rowid, text) VALUES (?, ?)");
  }

  get(id: string): Task | null {
    return this.entry(id)?.task ?? null;
  }

  /**
   * Writes a task that is not there yet.
   * @param asOf id of the newest event whose effect it shows
   */
  add(task: Task, asOf: number): void {
    const { lastInsertRowid } = this.#insert.run(...recordValues(task), ...liveValues(task), asOf, task.id);
    const seq = Number(lastInsertRowid);
    this.#writeTexts(seq, task);
    this.counts.changed(null, task);
    this.#cache.set(task.id, { seq, task, asOf });
  }

  /** Writes what differs from the task as it is stored; live fields alone wait for {@link writeWaiting}. */
  update(task: Task, asOf: number): void {
    const entry = this.entry(task.id);
    if (!entry) throw new Error(`Task ${task.id} is not stored.`);
    const { seq, task: before } = entry;
    const updated: TaskEntry = { seq, task, asOf };
    if (differsOnlyLive(task, before)) this.#live.set(task.id, updated);
    else {
      this.#update.run(...recordValues(task), ...liveValues(task), asOf, seq);
      this.counts.changed(before, task);
      this.#live.delete(task.id);
      if (textsDiffer(task, before)) {
        this.#deleteTags.run(seq);
        this.#writeTexts(seq, task);
      }
    }
    // What has ended is hardly asked for again: its place is better kept for one that waits.
    if (hasEnded(task)) this.#cache.delete(task.id);
    else this.#cache.set(task.id, updated);
  }

  delete(id: string): void {
    const entry = this.entry(id);
    if (!entry) return;
    this.#deleteSearch.run(entry.seq);
    this.#delete.run(entry.seq);
    this.counts.changed(entry.task, null);
    this.#live.delete(id);
    this.#unsearchable.delete(id);
    this.#cache.delete(id);
  }

  entry(id: string): TaskEntry | null {
    const known = this.#cache.get(id) ?? this.#live.get(id);
    if (known) return known;
    const row = this.#select.get(id);
    if (!row) return null;
    const entry: TaskEntry = { seq: Number(row.seq), task: taskOf(row), asOf: Number(row.as_of) };
    this.#cache.set(id, entry);
    return entry;
  }

  /** After a crash: the index of the search may not know the task's texts. */
  searchAnew(id: string): void {
    const entry = this.entry(id);
    if (entry) this.#unsearchable.set(id, entry.seq);
  }

  /** Brings texts into the search's index when there are enough of them; part of the surrounding commit, its last. */
  writeMany(): void {
    if (this.#unsearchable.size >= SEARCH_BATCH) this.#writeSearch();
  }

  /** Writes all that waits; part of the surrounding commit, its last. */
  writeWaiting(): void {
    for (const [, { seq, task, asOf }] of this.#live.take())
      this.#updateLive.run(...liveValues(task), asOf, seq);
    this.#writeSearch();
  }

  committed(): void {
    this.#live.committed();
    this.#unsearchable.committed();
  }

  /** A commit failed: what was cached may never have been stored. */
  rolledBack(): void {
    this.counts.rolledBack();
    this.#live.rolledBack();
    this.#unsearchable.rolledBack();
    this.#cache.clear();
  }

  #writeTexts(seq: number, task: Task): void {
    this.#writeText.run(seq, task.title, task.description, JSON.stringify(task.context));
    const priority = PRIORITY_RANK[task.priority];
    for (const tag of task.tags) this.#insertTag.run(tag, priority, seq);
    this.#unsearchable.set(task.id, seq);
  }

  #writeSearch(): void {
    for (const [id, seq] of this.#unsearchable.take()) {
      const task = this.get(id);
      if (!task) continue;
      this.#deleteSearch.run(seq);
      const text = indexedText(searchText(task.title, task.description), PRIORITY_RANK[task.priority]);
      this.#insertSearch.run(seq, text);
    }
  }
}
