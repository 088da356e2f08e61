import type { DatabaseSync, StatementSync } from "node:sqlite";
import { FifoMap } from "toad-cache";
import type { Task } from "../../tasks/task.ts";
import { hasEnded, PRIORITY_RANK } from "../../tasks/task.ts";
import { searchText } from "../search-text.ts";
import { differsOnlyLive, textsDiffer } from "../task-parts.ts";
import { indexedText } from "./search-index.ts";
import { TaskCounts } from "./task-counts.ts";
import { liveValues, recordValues, TASK_COLUMNS, taskOf } from "./task-row.ts";
import { Waiting } from "./waiting.ts";

const CACHED_TASKS = 8192;
/** Tasks that are written together: enough to share the pages of the indexes, few enough to keep commits short. */
const BATCH = 256;

/** A task with its row number and the event it is as of. */
interface TaskEntry {
  seq: number;
  task: Task;
  /** Id of the newest event whose effect the task shows. */
  asOf: number;
}

/** A task that its row is behind of. */
interface WaitingTask extends TaskEntry {
  /** As the row has it. */
  written: Task;
}

/**
 * Tasks by id. The long texts stand in a table of their own and are written only when they change. Two things are written
 * later, of many tasks in one commit, because the events say the same: what a task has become by its events alone, and its
 * texts in the search's index.
 */
export class TaskTable {
  readonly counts: TaskCounts;
  /** Tasks of which nothing changed since they were written that an index holds. */
  readonly #live = new Waiting<WaitingTask>();
  /** Tasks that some index holds in another place by now. */
  readonly #moved = new Waiting<WaitingTask>();
  /** Row numbers of the tasks whose texts the search's index does not know yet. */
  readonly #unsearchable = new Waiting<number>();
  readonly #cache = new FifoMap<TaskEntry>(CACHED_TASKS);
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

  /** Writes what differs from the task as it is stored. */
  update(task: Task, asOf: number): void {
    const { seq, task: before } = this.#stored(task.id);
    const written = this.#waitingOf(task.id)?.written ?? before;
    this.#write({ seq, task, asOf, written });
    this.#live.delete(task.id);
    this.#moved.delete(task.id);
    this.#become({ seq, task, asOf }, before);
  }

  /** The same for a task of which its events say all that is new: its row may wait for {@link writeWaiting}. */
  updateLater(task: Task, asOf: number): void {
    const { seq, task: before } = this.#stored(task.id);
    const written = this.#waitingOf(task.id)?.written ?? before;
    const waiting: WaitingTask = { seq, task, asOf, written };
    if (!hasMoved(task, written)) this.#live.set(task.id, waiting);
    else {
      this.#live.delete(task.id);
      this.#moved.set(task.id, waiting);
    }
    this.#become({ seq, task, asOf }, before);
  }

  delete(id: string): void {
    const entry = this.entry(id);
    if (!entry) return;
    this.#deleteSearch.run(entry.seq);
    this.#delete.run(entry.seq);
    this.counts.changed(entry.task, null);
    this.#live.delete(id);
    this.#moved.delete(id);
    this.#unsearchable.delete(id);
    this.#cache.delete(id);
  }

  entry(id: string): TaskEntry | null {
    const known = this.#cache.get(id) ?? this.#waitingOf(id);
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

  /** Writes what has become enough to be written together; part of the surrounding commit, its last. */
  writeMany(): void {
    if (this.#moved.size >= BATCH) this.#writeAll(this.#moved);
    if (this.#unsearchable.size >= BATCH) this.#writeSearch();
  }

  /** Writes all that waits; part of the surrounding commit, its last. */
  writeWaiting(): void {
    this.#writeAll(this.#live);
    this.#writeAll(this.#moved);
    this.#writeSearch();
  }

  committed(): void {
    this.#live.committed();
    this.#moved.committed();
    this.#unsearchable.committed();
  }

  /** A commit failed: what was cached may never have been stored. */
  rolledBack(): void {
    this.counts.rolledBack();
    this.#live.rolledBack();
    this.#moved.rolledBack();
    this.#unsearchable.rolledBack();
    this.#cache.clear();
  }

  #stored(id: string): TaskEntry {
    const entry = this.entry(id);
    if (!entry) throw new Error(`Task ${id} is not stored.`);
    return entry;
  }

  #waitingOf(id: string): WaitingTask | undefined {
    return this.#moved.get(id) ?? this.#live.get(id);
  }

  /** What is asked for from now on. */
  #become(entry: TaskEntry, before: Task): void {
    const { task } = entry;
    this.counts.changed(before, task);
    // What has ended is hardly asked for again: its place is better kept for one that waits.
    if (hasEnded(task)) this.#cache.delete(task.id);
    else this.#cache.set(task.id, entry);
  }

  #writeAll(waiting: Waiting<WaitingTask>): void {
    for (const [, task] of waiting.take()) this.#write(task);
  }

  #write({ seq, task, asOf, written }: WaitingTask): void {
    if (differsOnlyLive(task, written)) this.#updateLive.run(...liveValues(task), asOf, seq);
    else this.#update.run(...recordValues(task), ...liveValues(task), asOf, seq);
    if (!textsDiffer(task, written)) return;
    this.#deleteTags.run(seq);
    this.#writeTexts(seq, task);
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

/** Whether a task has another place in some index of its table. */
function hasMoved(task: Task, written: Task): boolean {
  return (
    task.status !== written.status ||
    task.agentId !== written.agentId ||
    task.priority !== written.priority ||
    task.waiting !== written.waiting
  );
}
