import type { HeldEvent } from "./held-event.ts";

/** One line of the Activity page: an event, or a run of progress of one attempt, shown by its latest. */
export interface FeedRow {
  /** Position of its first event: stays the same while the row grows. */
  key: number;
  latest: HeldEvent;
  /** All events of the row, oldest first, as a range of {@link Feed.matched}. */
  from: number;
  count: number;
}

/**
 * The filtered and folded view of a log, kept up to date event by event. Rows are never changed in place, so a copy
 * of the list stays as it was: that is what pausing shows.
 */
export class Feed {
  readonly #matches: (event: HeldEvent) => boolean;
  #rows: FeedRow[] = [];
  #matched: HeldEvent[] = [];
  /** Ordinals of matched events dropped from the front. */
  #dropped = 0;

  constructor(matches: (event: HeldEvent) => boolean, events: readonly HeldEvent[]) {
    this.#matches = matches;
    this.append(events);
  }

  /** Oldest first. */
  get rows(): readonly FeedRow[] {
    return this.#rows;
  }

  /** How many events matched since the feed began, dropped ones included. */
  get total(): number {
    return this.#dropped + this.#matched.length;
  }

  append(events: readonly HeldEvent[]): void {
    for (const event of events) {
      if (!this.#matches(event)) continue;
      const ordinal = this.total;
      this.#matched.push(event);
      const newest = this.#rows.at(-1);
      if (newest && folds(newest.latest, event)) {
        this.#rows[this.#rows.length - 1] = { ...newest, latest: event, count: newest.count + 1 };
      } else {
        this.#rows.push({ key: event.id, latest: event, from: ordinal, count: 1 });
      }
    }
  }

  /** Lets go of rows whose newest event is older than `oldestId`. */
  dropBefore(oldestId: number): void {
    const first = this.#rows.findIndex(({ latest }) => latest.id >= oldestId);
    const gone = first < 0 ? this.#rows.length : first;
    if (gone === 0) return;
    const rows = this.#rows.slice(gone);
    const from = rows[0]?.from ?? this.total;
    this.#matched = this.#matched.slice(from - this.#dropped);
    this.#dropped = from;
    this.#rows = rows;
  }

  /** The events of a row, oldest first; empty when they were dropped meanwhile. */
  members(row: FeedRow): readonly HeldEvent[] {
    const start = row.from - this.#dropped;
    return start < 0 ? [] : this.#matched.slice(start, start + row.count);
  }
}

/** Progress of one attempt folds into one row; a late word, which changed nothing, stands by itself. */
function folds(before: HeldEvent, after: HeldEvent): boolean {
  return (
    before.type === "activity" &&
    after.type === "activity" &&
    before.dispatchId !== undefined &&
    before.dispatchId === after.dispatchId &&
    before.data.late !== true &&
    after.data.late !== true
  );
}
