import { pause } from "../abortable.ts";
import { LeasedWork } from "../leased-work.ts";
import type { Logger } from "../logger.ts";
import type { ExchangeKind } from "../store/exchanges.ts";
import { FencedError } from "../store/operations.ts";
import type { Lease, Store } from "../store/store.ts";

/** The lease under which old exchanges are removed: one node at a time does. */
const LEASE = "exchanges";
/** What is kept of each kind: a flood of one takes no room from the other. */
const KEPT: Readonly<Record<ExchangeKind, { keep: number; maxBytes: number }>> = {
  request: { keep: 50_000, maxBytes: 256 * 1024 * 1024 },
  refused: { keep: 10_000, maxBytes: 64 * 1024 * 1024 },
};
/** In one step; between two steps while more is left, and between two looks when nothing is; in milliseconds. */
const ROWS = 500;
const STEP_MS = 20;
const INTERVAL_MS = 10_000;
const DAY_MS = 24 * 3600_000;

export interface ExchangeUpkeepOptions {
  store: Pick<Store, "lease" | "pruneExchanges">;
  /** So long they are kept; 0 for not at all. */
  days: number;
  now: () => Date;
  logger: Pick<Logger, "error">;
  intervalMs?: number;
  kept?: typeof KEPT;
}

/** Removes old exchanges: those beyond a count, a size and an age. */
export class ExchangeUpkeep {
  readonly #options: ExchangeUpkeepOptions;
  readonly #work: LeasedWork;

  constructor(options: ExchangeUpkeepOptions) {
    this.#options = options;
    const { store, logger, intervalMs = INTERVAL_MS } = options;
    this.#work = new LeasedWork({
      store,
      name: LEASE,
      work: (lease, signal) => this.#prune(lease, signal),
      failed: (error) => logger.error({ err: error }, "old exchanges could not be removed"),
      pauseMs: intervalMs,
    });
  }

  close(): Promise<void> {
    return this.#work.close();
  }

  async #prune({ token: under }: Lease, signal: AbortSignal): Promise<void> {
    const { store, days, now, intervalMs = INTERVAL_MS, kept = KEPT } = this.#options;
    while (!signal.aborted) {
      // Of 0 days, also what was over in this moment goes.
      const before = new Date(now().getTime() + (days === 0 ? DAY_MS : -days * DAY_MS)).toISOString();
      let isMore = false;
      try {
        for (const kind of ["request", "refused"] as const) {
          const policy = { kind, ...kept[kind], before, rows: ROWS, under };
          isMore = (await store.pruneExchanges(policy)) || isMore;
        }
      } catch (error) {
        // Somebody else has the lease, and does it.
        if (error instanceof FencedError) return;
        throw error;
      }
      await pause(isMore ? STEP_MS : intervalMs, signal);
    }
  }
}
