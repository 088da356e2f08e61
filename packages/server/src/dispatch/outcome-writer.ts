import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "../logger.ts";
import { type ChangeResult, FencedError, type LeaseToken } from "../store/operations.ts";
import type { Store } from "../store/store.ts";
import type { TaskChange } from "../tasks/change.ts";

/** Between tries to write what the store would not take; in milliseconds. */
const STORE_PAUSE_MS = 2000;

export interface OutcomeWriterOptions {
  store: Pick<Store, "change">;
  logger: Logger;
  /** The pause between two tries, in milliseconds; default 2 s. */
  pauseMs?: number | undefined;
}

/**
 * Writes what became of a dispatch, which nobody will say again: until the store takes it, or the server stops and the
 * next start asks.
 */
export class OutcomeWriter {
  readonly #options: OutcomeWriterOptions;
  readonly #stop = new AbortController();

  constructor(options: OutcomeWriterOptions) {
    this.#options = options;
  }

  /**
   * Resolves after the first try, with its result or null when that failed. The rules refuse what is not true of the
   * attempt any more.
   * @param under the lease that it came under: whoever has that by now finds out for itself
   */
  async retryUntilStored(
    change: TaskChange & { dispatchId: string },
    under?: LeaseToken,
  ): Promise<ChangeResult | null> {
    try {
      return await this.#options.store.change(change, under && { under });
    } catch (error) {
      if (error instanceof FencedError) return null;
      this.failed(error, change.dispatchId);
      void this.pause().then(
        () => this.retryUntilStored(change, under),
        () => {},
      );
      return null;
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
    return wait(pauseMs, undefined, { signal: this.#stop.signal, ref: false });
  }

  close(): void {
    this.#stop.abort();
  }
}
