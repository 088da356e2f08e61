import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "./logger.ts";
import type { Store } from "./store/store.ts";

/** Between looks at what retention lets go. */
const PAUSE_MS = 10_000;
/** Between two small steps, so that what agents send comes first; none while more comes in than goes. */
const STEP_PAUSE_MS = 50;
/** A repeat of a callback is recognised for so long, even if its event was pruned. */
const KEEP_RECEIPTS_MS = 7 * 24 * 60 * 60_000;

export interface RetentionOptions {
  store: Pick<Store, "prune" | "range">;
  keepEvents: number;
  now: () => Date;
  logger: Logger;
}

/** Removes what is older than it has to be kept, in small steps in between other work. */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { store, keepEvents, now, logger } = this.#options;
    let keptBefore = Number.POSITIVE_INFINITY;
    while (!signal.aborted) {
      try {
        const receiptsBefore = new Date(now().getTime() - KEEP_RECEIPTS_MS).toISOString();
        const more = await store.prune({ keepEvents, receiptsBefore });
        const { oldest, newest } = await store.range();
        const kept = newest - oldest;
        const stepPause = kept > keptBefore ? 0 : STEP_PAUSE_MS;
        keptBefore = kept;
        await wait(more ? stepPause : PAUSE_MS, undefined, { signal, ref: false });
      } catch (error) {
        if (signal.aborted) return;
        logger.error({ err: error }, "old events could not be pruned");
        await wait(PAUSE_MS, undefined, { signal, ref: false }).catch(() => {});
      }
    }
  }
}
