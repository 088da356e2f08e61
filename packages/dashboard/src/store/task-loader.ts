import type { TaskSummary } from "@mission-control/protocol";
import { ApiError, isTemporary } from "../api/api-error.ts";
import { reconnectDelay } from "../live/backoff.ts";

const PARALLEL = 4;
/** First ceiling of the wait before what could not be loaded is asked for again, and the least of it, in milliseconds. */
const RETRY_MS = 4_000;
const LEAST_RETRY_MS = 1_000;

/** Where tasks come from and go to. */
export interface LoaderPorts {
  get(id: string): Promise<TaskSummary>;
  /** The newest event known now. */
  position(): number;
  put(task: TaskSummary, asOf: number): void;
  forget(id: string): void;
  random(): number;
}

/**
 * Loads single tasks, a few at a time, each once however often it is asked for meanwhile. What the server cannot answer
 * now is asked for again: an event has told that the task is not as the page has it, and no other may come.
 */
export class TaskLoader {
  readonly #ports: LoaderPorts;
  readonly #waiting = new Set<string>();
  readonly #loading = new Set<string>();
  /** Asked for again while loading: what is on its way may be older than the reason to ask. */
  readonly #again = new Set<string>();
  readonly #failed = new Set<string>();
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Which log the positions are of. */
  #generation = 0;

  constructor(ports: LoaderPorts) {
    this.#ports = ports;
  }

  load(id: string): void {
    this.#failed.delete(id);
    if (this.#loading.has(id)) this.#again.add(id);
    else this.#waiting.add(id);
    this.#next();
  }

  /** Asks again for what could not be loaded: the server can be reached again. */
  retry(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const id of [...this.#failed]) this.load(id);
  }

  /** The log starts over: what is on its way is of the old one, and is asked for again. */
  restart(): void {
    this.#generation += 1;
    for (const id of this.#loading) this.#again.add(id);
  }

  /** Nothing is tried again any more by itself. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
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
    const generation = this.#generation;
    try {
      const task = await this.#ports.get(id);
      this.#failures = 0;
      if (generation === this.#generation) this.#ports.put(task, asOf);
    } catch (error) {
      this.#failedWith(error, id, generation);
    }
    this.#loading.delete(id);
    if (this.#again.delete(id)) this.load(id);
    this.#next();
  }

  #failedWith(error: unknown, id: string, generation: number): void {
    const status = error instanceof ApiError ? error.status : null;
    if (status === 404 && generation === this.#generation) this.#ports.forget(id);
    // Without a session, there is nothing to wait for but the next log-in: then the connection is live again.
    if (status === 401 || isTemporary(error)) this.#failed.add(id);
    if (!isTemporary(error) || this.#timer !== undefined) return;
    this.#failures += 1;
    const wait = reconnectDelay(this.#failures, RETRY_MS, this.#ports.random);
    this.#timer = setTimeout(() => this.retry(), Math.max(LEAST_RETRY_MS, wait));
  }
}
