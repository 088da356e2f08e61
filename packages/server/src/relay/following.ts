import type { EntrySource } from "../store/relayed-log.ts";

/** An entry that NATS does not bring in so many milliseconds after it is known of is read from the database. */
const GRACE_MS = 500;
/** By so much NATS may be later than the database with what there is when it is begun to follow it, in milliseconds. */
const BEHIND_MS = 250;
/** After it did not come, NATS is asked again so much later: twice as much each time that it failed soon. */
const PAUSE_MS = { shortest: 1000, longest: 30_000 };
/** What lasted so long has not failed soon. */
const LASTING_MS = 10_000;

/** By which way a node follows the log. */
export type Way = "nats" | "postgresql";

export interface FollowingOptions {
  log: { readonly newest: number; readAll(): Promise<void> };
  /** Called at each change, with why. */
  changed: (way: Way, reason: string) => void;
  /** What should have come by NATS did not: it is to be asked again, after a pause in milliseconds. */
  stalled: (pauseMs: number) => void;
  /** Milliseconds that never go back. */
  clock?: () => number;
}

/**
 * Whether this node waits for entries to come by NATS, or reads them from the database as soon as they are announced. It
 * waits while all that was announced came in time.
 */
export class Following implements EntrySource {
  readonly #options: FollowingOptions;
  #way: Way = "postgresql";
  /** NATS has brought what there is up to here. */
  #upTo = 0;
  /** Known of, the newest one. */
  #announced = 0;
  /** The newest entry that was there at a time: a message that reaches it soon after comes from no further behind. */
  #mark = { newest: 0, at: Number.NEGATIVE_INFINITY };
  #timer: NodeJS.Timeout | undefined;
  readonly #clock: () => number;
  /** When it was last begun to follow NATS. */
  #since = Number.NEGATIVE_INFINITY;
  #pauseMs = PAUSE_MS.shortest;

  constructor(options: FollowingOptions) {
    this.#options = options;
    this.#clock = options.clock ?? (() => performance.now());
  }

  get way(): Way {
    return this.#way;
  }

  /** Messages come from now on, perhaps old ones at first. */
  begin(): void {
    this.#setMark();
  }

  /** A message came, and everything up to this entry was given to who follows here. */
  reached(upTo: number): void {
    this.#upTo = Math.max(this.#upTo, upTo);
    const isOld = this.#clock() - this.#mark.at > BEHIND_MS;
    const isCaughtUp = upTo >= (isOld ? this.#options.log.newest : this.#mark.newest);
    // Kept until a message reaches it: events may come so fast that each message is behind what was read meanwhile.
    if (isOld || isCaughtUp) this.#setMark();
    if (!isCaughtUp || this.#way === "nats") return;
    this.#since = this.#clock();
    this.#change("nats", "it brings what there is");
  }

  brings(upTo: number): boolean {
    if (this.#way !== "nats") return false;
    this.#announced = Math.max(this.#announced, upTo);
    if (upTo > this.#upTo) this.#watch(upTo);
    return true;
  }

  /** Nothing comes by NATS from now on. */
  leave(reason: string): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#way !== "nats") return;
    this.#change("postgresql", reason);
    void this.#options.log.readAll();
  }

  #setMark(): void {
    this.#mark = { newest: this.#options.log.newest, at: this.#clock() };
  }

  #watch(upTo: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#upTo < upTo) {
        this.leave(`event ${upTo} did not come within ${GRACE_MS} ms`);
        this.#options.stalled(this.#nextPause());
      } else if (this.#announced > this.#upTo) this.#watch(this.#announced);
    }, GRACE_MS);
  }

  #nextPause(): number {
    const isSoon = this.#clock() - this.#since < LASTING_MS;
    this.#pauseMs = isSoon ? Math.min(2 * this.#pauseMs, PAUSE_MS.longest) : PAUSE_MS.shortest;
    return this.#pauseMs;
  }

  #change(way: Way, reason: string): void {
    this.#way = way;
    this.#options.changed(way, reason);
  }
}
