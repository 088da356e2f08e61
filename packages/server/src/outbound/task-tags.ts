import { LruMap } from "toad-cache";
import type { LogEntry, Store } from "../store/store.ts";

const KNOWN_TASKS = 4096;

/** Which tags tasks have, for endpoints that want the events of tasks with a tag. Asks the store once for each task. */
export class TaskTags {
  readonly #store: Pick<Store, "task">;
  readonly #known = new LruMap<{ tags: readonly string[]; isCurrent: boolean }>(KNOWN_TASKS);

  constructor(store: Pick<Store, "task">) {
    this.#store = store;
  }

  /** Notes that tasks were created, edited or deleted. */
  follow(entries: readonly LogEntry[]): void {
    for (const { type, taskId } of entries) {
      const known = type === "task" && taskId !== undefined ? this.#known.get(taskId) : undefined;
      if (known) known.isCurrent = false;
    }
  }

  /** Whether a task has any of these tags; of one that is deleted, whether it had. */
  async hasAny(taskId: string, wanted: readonly string[]): Promise<boolean> {
    const known = this.#known.get(taskId);
    if (known?.isCurrent) return wanted.some((tag) => known.tags.includes(tag));
    const task = await this.#store.task(taskId);
    const tags = task?.tags ?? known?.tags ?? [];
    this.#known.set(taskId, { tags, isCurrent: true });
    return wanted.some((tag) => tags.includes(tag));
  }
}
