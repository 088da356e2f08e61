import type { TaskSummary } from "@mission-control/protocol";
import { ApiError } from "../api/api-error.ts";

const PARALLEL = 4;

/** Where tasks come from and go to. */
export interface LoaderPorts {
  get(id: string): Promise<TaskSummary>;
  /** The newest event known now. */
  position(): number;
  put(task: TaskSummary, asOf: number): void;
  forget(id: string): void;
}

/** Loads single tasks, a few at a time, each once however often it is asked for meanwhile. */
export class TaskLoader {
  readonly #ports: LoaderPorts;
  readonly #waiting = new Set<string>();
  readonly #loading = new Set<string>();
  /** Asked for again while loading: what is on its way may be older than the reason to ask. */
  readonly #again = new Set<string>();

  constructor(ports: LoaderPorts) {
    this.#ports = ports;
  }

  load(id: string): void {
    if (this.#loading.has(id)) this.#again.add(id);
    else this.#waiting.add(id);
    this.#next();
  }

  #next(): void {
    for (const id of this.#waiting) {
      if (this.#loading.size >= PARALLEL) return;
      this.#waiting.delete(id);
      this.#loading.add(id);
      void this.#run(id);
    }
  }

  async #run(id: string): Promise<void> {
    // The answer is at least as new as the log was before asking.
    const asOf = this.#ports.position();
    try {
      this.#ports.put(await this.#ports.get(id), asOf);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) this.#ports.forget(id);
      // Otherwise the task stays as it was; the live indicator tells of a lost connection.
    }
    this.#loading.delete(id);
    if (this.#again.delete(id)) this.#waiting.add(id);
    this.#next();
  }
}
