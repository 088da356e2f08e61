import { pause } from "../abortable.ts";
import type { Logger } from "../logger.ts";
import { type ExchangeRecord, type ExchangeRow, exchangeRow } from "../store/exchanges.ts";
import { type Store, StoreUnavailableError } from "../store/store.ts";

/** So many are written at a time. */
const MAX_BATCH = 500;
/** What comes within this time of the first one, in milliseconds, shares its commit, and the pages of the indexes. */
const GATHER_MS = 250;
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
 * Keeps what was sent to agents and which callbacks were refused, out of the way of whoever records it, and many at a time.
 */
export class ExchangeLog implements ExchangeSink {
  readonly #options: ExchangeLogOptions;
  readonly #stop = new AbortController();
  /** In JSON: so many objects would be in the way of every collection of garbage while they wait. */
  readonly #waiting: ExchangeRow[] = [];
  #lost = 0;
  #writing: Promise<void> | null = null;
  /** The batch that is being written. */
  #batch: Promise<boolean> | null = null;

  constructor(options: ExchangeLogOptions) {
    this.#options = options;
  }

  record(exchange: ExchangeRecord): void {
    if (!this.#options.keeps || this.#stop.signal.aborted) return;
    if (this.#waiting.length >= MAX_WAITING) {
      this.#lost++;
      return;
    }
    this.#waiting.push(exchangeRow(exchange));
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
  }

  /** Writes at once what was recorded until now, if the store takes it: who asks for exchanges then sees it. */
  async flush(): Promise<void> {
    const last = this.#waiting.at(-1);
    // A batch that is being written already may have been begun before the last one came.
    while (last && this.#waiting.includes(last)) {
      if (!(await this.#writeBatch())) return;
    }
  }

  /** Writes what is left, if that can be, and takes nothing more. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#writing;
    await this.flush();
  }

  async #write(): Promise<void> {
    const { signal } = this.#stop;
    while (this.#waiting.length > 0 && !signal.aborted) {
      if (this.#waiting.length < MAX_BATCH) await pause(GATHER_MS, signal);
      if (!signal.aborted && !(await this.#writeBatch())) await pause(STORE_PAUSE_MS, signal);
    }
    if (this.#lost === 0 || signal.aborted) return;
    this.#options.logger.error(
      { count: this.#lost },
      "what was sent and answered was not kept while the store took nothing",
    );
    this.#lost = 0;
  }

  /** Writes the oldest of what waits, one batch at a time. @returns whether the store took it */
  #writeBatch(): Promise<boolean> {
    this.#batch ??= this.#add().finally(() => {
      this.#batch = null;
    });
    return this.#batch;
  }

  async #add(): Promise<boolean> {
    const { store, logger } = this.#options;
    const batch = this.#waiting.slice(0, MAX_BATCH);
    try {
      if (batch.length > 0) await store.addExchanges(batch);
    } catch (error) {
      if (error instanceof StoreUnavailableError) return false;
      logger.error({ err: error, count: batch.length }, "what was sent and answered could not be kept");
    }
    this.#waiting.splice(0, batch.length);
    return true;
  }
}
