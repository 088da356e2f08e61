import type { HeldEvent } from "./held-event.ts";

/** Most events a page holds. */
const LOG_CAPACITY = 100_000;
/** Events dropped at once when the log is full, so that dropping costs little. */
const DROP_SHARE = 0.1;

/**
 * The stretch of the server's log this page has seen live: gapless, oldest first, bounded. The oldest are dropped
 * first.
 */
export class EventLog {
  readonly #capacity: number;
  #events: HeldEvent[] = [];
  #base: number;
  #position: number;

  /** @param position the event after which the stretch begins */
  constructor(position: number, capacity = LOG_CAPACITY) {
    this.#base = position;
    this.#position = position;
    this.#capacity = capacity;
  }

  /** The last event known. */
  get position(): number {
    return this.#position;
  }

  /** The position before the oldest event held: whatever is older, only the server has. */
  get base(): number {
    return this.#base;
  }

  /** Adds what is new among `events`, which are in log order; returns just that. */
  append(events: readonly HeldEvent[]): HeldEvent[] {
    const fresh = events.filter(({ id }) => id > this.#position);
    const last = fresh.at(-1);
    if (!last) return fresh;
    this.#position = last.id;
    for (const event of fresh) this.#events.push(event);
    if (this.#events.length > this.#capacity) {
      const surplus = this.#events.length - this.#capacity + Math.floor(this.#capacity * DROP_SHARE);
      this.#base = this.#events[surplus - 1]?.id ?? this.#base;
      this.#events = this.#events.slice(surplus);
    }
    return fresh;
  }

  /** Held events, oldest first. Do not keep: dropping replaces it. */
  events(): readonly HeldEvent[] {
    return this.#events;
  }

  /** Held events after a position, oldest first. */
  after(position: number): readonly HeldEvent[] {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#events[middle]?.id ?? 0) > position) high = middle;
      else low = middle + 1;
    }
    return low === 0 ? this.#events : this.#events.slice(low);
  }
}
