import type { Attempt, Task } from "../../tasks/task.ts";
import type { AttemptRow, Rows } from "../rows.ts";

/** So much is kept, in UTF-16 units of what is long in a task; what was written longest ago goes first. */
const MAX_SIZE = 16 * 1024 * 1024;
/** What a task takes beside its texts, about, with its attempts. */
const BASE_SIZE = 4096;

/** A row as it was read or written here. */
export interface Kept<Value> {
  value: Value;
  /** PostgreSQL's `xmin` of the row: whoever writes it gives it another. */
  revision: string;
}

/** A task that is there, with those of its attempts that were looked at. */
export interface KnownTask {
  value: Task;
  /** `tasks.seq`. */
  seq: string;
  attempts: ReadonlyMap<string, Kept<Attempt>>;
}

export type KeptTask = Kept<Task> & KnownTask;

/** Tasks as this node's last commits left them. Other nodes may have changed them since; their revisions tell. */
export class KeptTasks {
  readonly #tasks = new Map<string, KeptTask>();
  readonly #sizes = new Map<string, number>();
  #size = 0;

  get(id: string): KeptTask | null {
    return this.#tasks.get(id) ?? null;
  }

  /**
   * Takes over what a commit wrote.
   * @param revision of all rows that it wrote; null where that is not known
   * @param before gives a task as it was before the commit
   */
  committed(rows: Rows, revision: string | null, before: (id: string) => KnownTask | null): void {
    const written = Map.groupBy(rows.attempts, ({ attempt }) => attempt.taskId);
    for (const { task } of rows.tasks) {
      const known = revision === null ? null : before(task.id);
      if (!known || revision === null) this.forget(task.id);
      else {
        const attempts = withWritten(known.attempts, written.get(task.id) ?? [], revision);
        this.#keep({ value: task, revision, seq: known.seq, attempts });
      }
      written.delete(task.id);
    }
    for (const id of [...rows.deletedTasks, ...written.keys()]) this.forget(id);
  }

  forget(id: string): void {
    if (!this.#tasks.delete(id)) return;
    this.#size -= this.#sizes.get(id) ?? 0;
    this.#sizes.delete(id);
  }

  clear(): void {
    this.#tasks.clear();
    this.#sizes.clear();
    this.#size = 0;
  }

  #keep(task: KeptTask): void {
    const { id } = task.value;
    // Its texts seldom change: they are measured once.
    const size = this.#sizes.get(id) ?? sizeOf(task.value);
    this.forget(id);
    this.#tasks.set(id, task);
    this.#sizes.set(id, size);
    this.#size += size;
    for (const oldest of this.#tasks.keys()) {
      if (this.#size <= MAX_SIZE) break;
      this.forget(oldest);
    }
  }
}

function withWritten(
  attempts: KnownTask["attempts"],
  written: readonly AttemptRow[],
  revision: string,
): KnownTask["attempts"] {
  if (written.length === 0) return attempts;
  const all = new Map(attempts);
  for (const { attempt } of written) all.set(attempt.id, { value: attempt, revision });
  return all;
}

function sizeOf({ description, context }: Task): number {
  return BASE_SIZE + description.length + JSON.stringify(context).length;
}
