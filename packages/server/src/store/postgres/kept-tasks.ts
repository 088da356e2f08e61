import { type Attempt, occupiesSlot, type Task } from "../../tasks/task.ts";
import type { AttemptRow, Rows } from "../rows.ts";

/** So much is kept, in UTF-16 units of texts; what was written longest ago goes first. */
const MAX_SIZE = 16 * 1024 * 1024;
/** What a task counts for beside its texts. */
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
  /** Of its texts, in UTF-16 units. */
  size: number;
  attempts: ReadonlyMap<string, Kept<Attempt>>;
}

export type KeptTask = Kept<Task> & KnownTask;

/** Tasks at work as this node's last commits left them. Other nodes may have changed them since; their revisions tell. */
export class KeptTasks {
  readonly #tasks = new Map<string, KeptTask>();
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
    const kept: KeptTask[] = [];
    for (const { task: value } of rows.tasks) {
      const known = before(value.id);
      if (revision === null || known === null) continue;
      const attempts = underWay(known, written.get(value.id) ?? [], revision);
      if (attempts.size > 0) kept.push({ ...known, value, revision, attempts });
    }
    for (const { task } of rows.tasks) this.forget(task.id);
    for (const id of [...rows.deletedTasks, ...written.keys()]) this.forget(id);
    for (const task of kept) this.#keep(task);
  }

  forget(id: string): void {
    const kept = this.#tasks.get(id);
    if (!kept) return;
    this.#tasks.delete(id);
    this.#size -= BASE_SIZE + kept.size;
  }

  clear(): void {
    this.#tasks.clear();
    this.#size = 0;
  }

  #keep(task: KeptTask): void {
    this.#tasks.set(task.value.id, task);
    this.#size += BASE_SIZE + task.size;
    for (const oldest of this.#tasks.keys()) {
      if (this.#size <= MAX_SIZE) break;
      this.forget(oldest);
    }
  }
}

/** A task's attempts that were looked at or written, and of which more can be heard. */
function underWay(
  { attempts }: KnownTask,
  written: readonly AttemptRow[],
  revision: string,
): KnownTask["attempts"] {
  const isUnchanged =
    written.length === 0 && [...attempts.values()].every(({ value }) => occupiesSlot(value));
  if (isUnchanged) return attempts;
  const all = new Map(attempts);
  for (const { attempt } of written) all.set(attempt.id, { value: attempt, revision });
  return new Map([...all].filter(([, { value }]) => occupiesSlot(value)));
}
