import type { EventLog } from "../../store/event-log.ts";
import type { FeedFilter } from "../../store/feed-filter.ts";
import type { HeldEvent } from "../../store/held-event.ts";

/** A place in the log that somebody reads from while it goes on: what is shown stands still, what comes is counted. */
export class Holding {
  /** What is older comes from the server. */
  readonly base: number;
  readonly #log: EventLog;
  readonly #filter: FeedFilter;
  /** What the page held of the log then; the log may let go of it meanwhile, and goes on in the same list until it does. */
  readonly #events: readonly HeldEvent[];
  readonly #at: number;
  #counted: number;
  #fresh = 0;

  constructor(log: EventLog, filter: FeedFilter) {
    this.#log = log;
    this.#filter = filter;
    this.base = log.base;
    this.#events = log.events();
    this.#at = log.position;
    this.#counted = log.position;
  }

  /** Whether it is a place in this log, with this filter. */
  isOf(log: EventLog, filter: FeedFilter): boolean {
    return this.#log === log && this.#filter === filter;
  }

  /** The events of the log that are shown, oldest first. */
  get events(): readonly HeldEvent[] {
    return this.#events.filter(({ id }) => id <= this.#at);
  }

  /** How many events that match came since, each counted once, however often this is asked. */
  fresh(matches: (event: HeldEvent) => boolean): number {
    this.#fresh += this.#log.after(this.#counted).filter(matches).length;
    this.#counted = this.#log.position;
    return this.#fresh;
  }
}
