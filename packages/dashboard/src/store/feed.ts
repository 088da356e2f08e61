import type { HeldEvent } from "./held-event.ts";

/** One line of the Activity page: an event, or the progress of one attempt, shown by the latest that says something. */
export interface FeedRow {
  /** Position of its first event: stays the same while the row grows. */
  readonly key: number;
  readonly latest: HeldEvent;
  /** How many events it stands for. */
  readonly count: number;
  /** Its events, oldest first; those behind `count` came after the row was copied. */
  readonly events: readonly HeldEvent[];
}

/**
 * A row goes on where it is while at most this many stand above it, about a screen: what several agents report in
 * turns stays a row each, and what has left the screen begins a new row on top, where it is seen.
 */
export const FOLD_REACH = 16;

interface OpenRow {
  index: number;
  /** The same array as the row's. */
  events: HeldEvent[];
}

/**
 * The filtered and folded view of a log, kept up to date event by event. Rows are never changed in place, so a copy
 * of the list stays as it was.
 */
export class Feed {
  readonly #matches: (event: HeldEvent) => boolean;
  readonly #rows: FeedRow[] = [];
  /** The attempts whose progress can still be folded into a row, by their dispatch. */
  readonly #open = new Map<string, OpenRow>();
  #position = 0;

  /**
   * @param matches which events of those that are appended belong to it
   * @param chosen what it begins with, in log order: the server has chosen these already
   */
  constructor(matches: (event: HeldEvent) => boolean, chosen: readonly HeldEvent[] = []) {
    this.#matches = matches;
    for (const event of chosen) this.#add(event);
    this.#position = chosen.at(-1)?.id ?? 0;
  }

  /** Oldest first. */
  get rows(): readonly FeedRow[] {
    return this.#rows;
  }

  /** The last event that was looked at, whether it matched or not; 0 before the first. */
  get position(): number {
    return this.#position;
  }

  /** Goes on by events in log order; those looked at before are passed over. */
  append(events: readonly HeldEvent[]): void {
    for (const event of events) {
      if (event.id <= this.#position) continue;
      this.#position = event.id;
      if (this.#matches(event)) this.#add(event);
    }
  }

  #add(event: HeldEvent): void {
    const attempt = foldsBy(event);
    const open = attempt === null ? undefined : this.#open.get(attempt);
    const row = open && this.#rows.length - open.index <= FOLD_REACH ? this.#rows[open.index] : undefined;
    if (open && row) {
      open.events.push(event);
      const latest = isWordless(event) ? row.latest : event;
      this.#rows[open.index] = { ...row, latest, count: row.count + 1 };
      return;
    }
    const events = [event];
    this.#rows.push({ key: event.id, latest: event, count: 1, events });
    if (attempt !== null) this.#open.set(attempt, { index: this.#rows.length - 1, events });
    // Whatever else an attempt says ends its row: progress after it is a new one.
    else if (event.dispatchId && event.data.late !== true) this.#open.delete(event.dispatchId);
  }
}

/** The attempt whose row an event goes into; null for what stands by itself, such as a late word, which changed nothing. */
function foldsBy({ type, dispatchId, data }: HeldEvent): string | null {
  return type === "activity" && data.late !== true ? (dispatchId ?? null) : null;
}

/** A part of the transcript that has no line of its own, such as the end of a tool call. */
function isWordless({ message, data }: HeldEvent): boolean {
  return message === undefined && data.entry !== undefined;
}
