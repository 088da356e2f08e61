import type { StatementSync } from "node:sqlite";
import type { Task } from "../../tasks/task.ts";
import { liveValues } from "./task-row.ts";

/** A task with its row number and the event it is as of. */
export interface TaskEntry {
  seq: number;
  task: Task;
  /** Id of the newest event whose effect the task shows. */
  asOf: number;
}

/**
 * Tasks of which only live fields changed since they were written. Their events say the same, so the rows may
 * follow later, many changes in one write.
 */
export class LiveFields {
  readonly #update: StatementSync;
  readonly #waiting = new Map<string, TaskEntry>();
  /** What waited for each task that the surrounding commit touched, before it did. */
  readonly #before = new Map<string, TaskEntry | undefined>();

  /** @param update sets {@link liveValues}, and `as_of`, of a `seq` */
  constructor(update: StatementSync) {
    this.#update = update;
  }

  get(id: string): TaskEntry | undefined {
    return this.#waiting.get(id);
  }

  set(entry: TaskEntry): void {
    this.#touch(entry.task.id);
    this.#waiting.set(entry.task.id, entry);
  }

  /** The row was written whole, or deleted. */
  delete(id: string): void {
    if (!this.#waiting.has(id)) return;
    this.#touch(id);
    this.#waiting.delete(id);
  }

  /** Writes what waits; part of the surrounding commit. */
  write(): void {
    for (const { seq, task, asOf } of this.#waiting.values())
      this.#update.run(...liveValues(task), asOf, seq);
  }

  /** @param written whether the commit held {@link write} */
  committed(written: boolean): void {
    if (written) this.#waiting.clear();
    this.#before.clear();
  }

  rolledBack(): void {
    for (const [id, entry] of this.#before) {
      if (entry) this.#waiting.set(id, entry);
      else this.#waiting.delete(id);
    }
    this.#before.clear();
  }

  #touch(id: string): void {
    if (!this.#before.has(id)) this.#before.set(id, this.#waiting.get(id));
  }
}
