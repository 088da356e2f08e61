import { pause } from "./abortable.ts";
import { LeasedWork } from "./leased-work.ts";
import type { Logger } from "./logger.ts";
import { FencedError } from "./store/operations.ts";
import type { Lease, Store } from "./store/store.ts";

/** A repeat of a callback is recognised for so long, even if its event was pruned. */
const KEEP_RECEIPTS_MS = 7 * 24 * 60 * 60_000;
/** Rows that a step removes at least: so few that a callback which comes meanwhile hardly waits. */
const STEP_ROWS = 100;
/** And at most, so that a step that had to wait for long does not make others wait as long. */
const MAX_STEP_ROWS = 2000;
/** Between two steps, in milliseconds. */
const PAUSE_MS = { shortest: 5, longest: 50 };
/** So many times as many events go as come, until none is left over. */
const GO_PER_COME = 2;
/** A large surplus, such as a lowered limit leaves, goes within about this time, but not faster than so many a second. */
const SURPLUS_WITHIN_MS = 60_000;
const SURPLUS_PER_SECOND = 8000;
/** Between two looks when nothing is left over, in milliseconds. */
const IDLE_MS = 1000;
const AFTER_ERROR_MS = 10_000;
/** The log may grow by this part of what is to be kept between two looks. */
const SLACK = 0.01;

/** The lease under which the log is pruned. */
const LEASE = "retention";

export interface RetentionOptions {
  store: Pick<Store, "prune" | "range" | "lease">;
  keepEvents: number;
  now: () => Date;
  logger: Logger;
}

/** Removes what is older than it has to be kept: in small steps in between other work, as many as the log needs. */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #work: LeasedWork;

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#work = new LeasedWork({
      store: options.store,
      name: LEASE,
      work: (lease, signal) => this.#prune(lease, signal),
      failed: (error) => options.logger.error({ err: error }, "old events could not be pruned"),
      pauseMs: AFTER_ERROR_MS,
    });
  }

  close(): Promise<void> {
    return this.#work.close();
  }

  /** Prunes for as long as the lease is ours: one node at a time does. */
  async #prune({ token: under }: Lease, signal: AbortSignal): Promise<void> {
    const { store, keepEvents, now, logger } = this.#options;
    const pace = new Pace(keepEvents);
    while (!signal.aborted) {
      let pauseMs: number;
      try {
        const { rows } = pace.step(await store.range(), performance.now());
        const receiptsBefore = new Date(now().getTime() - KEEP_RECEIPTS_MS).toISOString();
        const more = await store.prune({ keepEvents, receiptsBefore, rows, under });
        pauseMs = more ? pace.pause : pace.rest;
      } catch (error) {
        // Somebody else has the lease, and does it.
        if (error instanceof FencedError) return;
        logger.error({ err: error }, "old events could not be pruned");
        pauseMs = AFTER_ERROR_MS;
      }
      await pause(pauseMs, signal);
    }
  }
}

/** How many rows to remove, and how long to wait: from how fast the log grows, and how much is left over. */
export class Pace {
  readonly #keepEvents: number;
  #last: { newest: number; at: number } | null = null;
  /** Events that come, and rows that should go, in a millisecond. */
  #coming = 0;
  #going = 0;

  constructor(keepEvents: number) {
    this.#keepEvents = keepEvents;
  }

  /**
   * The next step.
   * @param at milliseconds that never go back
   */
  step({ oldest, newest }: { oldest: number; newest: number }, at: number): { rows: number } {
    const elapsed = this.#last ? at - this.#last.at : 0;
    if (this.#last && elapsed > 0) {
      // Half of what it was, half of what it is: a single burst neither counts for all nor for nothing.
      this.#coming = (this.#coming + (newest - this.#last.newest) / elapsed) / 2;
    }
    this.#last = { newest, at };
    const surplus = Math.max(0, newest - oldest + 1 - this.#keepEvents);
    this.#going = Math.max(
      STEP_ROWS / PAUSE_MS.longest,
      GO_PER_COME * this.#coming,
      Math.min(surplus / SURPLUS_WITHIN_MS, SURPLUS_PER_SECOND / 1000),
    );
    const rows = Math.ceil(this.#going * Math.min(elapsed, PAUSE_MS.longest * 2));
    return { rows: Math.min(MAX_STEP_ROWS, Math.max(STEP_ROWS, rows)) };
  }

  /** Until the next step while something is left over, in milliseconds. */
  get pause(): number {
    return Math.max(PAUSE_MS.shortest, Math.min(PAUSE_MS.longest, STEP_ROWS / this.#going));
  }

  /** Until the next look when nothing is, in milliseconds. */
  get rest(): number {
    const slack = Math.max(STEP_ROWS, this.#keepEvents * SLACK);
    return Math.max(PAUSE_MS.longest, Math.min(IDLE_MS, slack / this.#coming));
  }
}
