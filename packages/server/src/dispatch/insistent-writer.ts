import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "../logger.ts";
import type { Store } from "../store/store.ts";
import type { TaskChange } from "../tasks/change.ts";

/** Between tries to write what the store would not take; in milliseconds. */
const STORE_PAUSE_MS = 2000;

export interface InsistentWriterOptions {
  store: Pick<Store, "change">;
  logger: Logger;
  /** The pause between two tries, in milliseconds; default 2 s. */
  pauseMs?: number | undefined;
}

/** Writes what nobody will tell again, in the end: until the store takes it, or the server stops and the next start asks. */
export class InsistentWriter {
  readonly #options: InsistentWriterOptions;
  readonly #stop = new AbortController();

  constructor(options: InsistentWriterOptions) {
    this.#options = options;
  }

  /** Resolves after the first try. The rules refuse what is not true of the attempt any more. */
  async insist(change: TaskChange & { dispatchId: string }): Promise<void> {
    try {
      await this.#options.store.change(change);
    } catch (error) {
      this.failed(error, change.dispatchId);
      void this.pause().then(
        () => this.insist(change),
        () => {},
      );
    }
  }

  /** Says that something could not be stored; while the server stops, that is no news. */
  failed(error: unknown, dispatchId: string): void {
    if (this.#stop.signal.aborted) return;
    const fields = { err: error, dispatchId };
    this.#options.logger.error(fields, "what became of a dispatch could not be stored");
  }

  /** @throws once the writer is closed */
  pause(): Promise<void> {
    const { pauseMs = STORE_PAUSE_MS } = this.#options;
    return wait(pauseMs, undefined, { signal: this.#stop.signal });
  }

  close(): void {
    this.#stop.abort();
  }
}
