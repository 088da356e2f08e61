import { pause } from "../abortable.ts";
import type { Logger } from "../logger.ts";
import type { ExchangeRecord } from "../store/exchanges.ts";
import { type Store, StoreUnavailableError } from "../store/store.ts";

/** So many are written at a time. */
const MAX_BATCH = 500;
/** So many wait while the store takes nothing; what comes then is counted, and not kept. */
const MAX_WAITING = 2000;
/** Between two tries to write, in milliseconds. */
const STORE_PAUSE_MS = 1000;

/** Where exchanges that are over are recorded. */
export interface ExchangeSink {
  /** Waits for nothing, and never throws. */
  record(exchange: ExchangeRecord): void;
}

export interface ExchangeLogOptions {
  store: Pick<Store, "addExchanges">;
  /** Whether anything is to be kept at all. */
  keeps: boolean;
  logger: Pick<Logger, "error">;
}

/**
 * Keeps what was sent to agents and which callbacks were refused, out of the way of whoever tells it: the first goes into
 * the store's next commit, what comes while it is made goes into the one after.
 */
export class ExchangeLog implements ExchangeSink {
  readonly #options: ExchangeLogOptions;
  readonly #stop = new AbortController();
  readonly #waiting: ExchangeRecord[] = [];
  #lost = 0;
  #writing: Promise<void> | null = null;

  constructor(options: ExchangeLogOptions) {
    this.#options = options;
  }

  record(exchange: ExchangeRecord): void {
    if (!this.#options.keeps || this.#stop.signal.aborted) return;
    if (this.#waiting.length >= MAX_WAITING) {
      this.#lost++;
      return;
    }
    this.#waiting.push(exchange);
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
  }

  /** Writes what is left, if that can be, and takes nothing more. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#writing;
    if (this.#waiting.length > 0) await this.#options.store.addExchanges(this.#waiting).catch(() => {});
  }

  async #write(): Promise<void> {
    const { store, logger } = this.#options;
    const { signal } = this.#stop;
    while (this.#waiting.length > 0 && !signal.aborted) {
      const batch = this.#waiting.slice(0, MAX_BATCH);
      try {
        await store.addExchanges(batch);
        this.#waiting.splice(0, batch.length);
      } catch (error) {
        if (error instanceof StoreUnavailableError) await pause(STORE_PAUSE_MS, signal);
        else {
          this.#waiting.splice(0, batch.length);
          logger.error({ err: error, count: batch.length }, "what was sent and answered could not be kept");
        }
      }
    }
    if (this.#lost === 0 || signal.aborted) return;
    logger.error(
      { count: this.#lost },
      "what was sent and answered was not kept while the store took nothing",
    );
    this.#lost = 0;
  }
}
