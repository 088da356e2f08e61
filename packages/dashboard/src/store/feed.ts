import type { LogEvent } from "@mission-control/protocol";
import type { HeldEvent } from "./held-event.ts";

/**
 * One line of the Activity page: an event, or several of one attempt that say one thing: its progress, how it was handed
 * over, how it ended.
 */
export interface FeedRow {
  /** Position of its first event: stays the same while the row grows. */
  readonly key: number;
  /** The one it is shown by: the latest that says something. */
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
  readonly #folds: boolean;
  readonly #rows: FeedRow[] = [];
  /** The rows that can still grow, by what goes into them. */
  readonly #open = new Map<string, OpenRow>();
  #position = 0;

  /**
   * @param matches which events of those that are appended belong to it
   * @param chosen what it begins with, in log order: the server has chosen these already
   * @param folds whether events of an attempt share rows; else each has its own
   */
  constructor(matches: (event: HeldEvent) => boolean, chosen: readonly HeldEvent[] = [], folds = true) {
    this.#matches = matches;
    this.#folds = folds;
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
    const into = this.#folds ? foldsInto(event) : null;
    const open = into === null ? undefined : this.#open.get(into);
    const row = open && this.#rows.length - open.index <= FOLD_REACH ? this.#rows[open.index] : undefined;
    const { dispatchId } = event;
    // Whatever else an attempt says ends the row of its progress: what it reports after it is a new one.
    if (dispatchId && into !== dispatchId && event.data.late !== true) this.#open.delete(dispatchId);
    if (open && row) {
      open.events.push(event);
      const latest = saysLess(event, row.latest) ? row.latest : event;
      this.#rows[open.index] = { ...row, latest, count: row.count + 1 };
      return;
    }
    const events = [event];
    this.#rows.push({ key: event.id, latest: event, count: 1, events });
    if (into !== null) this.#open.set(into, { index: this.#rows.length - 1, events });
  }
}

const HANDING_OVER: ReadonlySet<unknown> = new Set(["queued", "sending", "accepted", "in_progress"]);

/** Whether an event is a step of an attempt's way to its agent. */
function isHandingOver({ type, data }: LogEvent): boolean {
  return (
    (type === "dispatch" && HANDING_OVER.has(data.state)) ||
    (type === "status_change" && HANDING_OVER.has(data.to))
  );
}

/**
 * Into which row of its attempt an event goes: that of its progress (which has the attempt's own name), of its way to the
 * agent, of its end; null for what stands by itself, such as a late word, which changed nothing.
 */
function foldsInto(event: HeldEvent): string | null {
  const { type, dispatchId, data } = event;
  if (!dispatchId || data.late === true) return null;
  if (type === "activity") return dispatchId;
  if (isHandingOver(event)) return `${dispatchId} handed over`;
  return type === "complete" || type === "error" || type === "status_change" ? `${dispatchId} ended` : null;
}

/** Whether a row goes on to be shown by the event before: this is a part of the transcript without words, or bookkeeping. */
function saysLess({ type, message, data }: HeldEvent, before: HeldEvent): boolean {
  if (type === "status_change") return before.type !== "status_change";
  return message === undefined && data.entry !== undefined;
}

/** How long it took from being asked for until its agent had accepted, in milliseconds; null where a row is not about that. */
export function handedOverIn({ events, count }: FeedRow): number | null {
  const steps = events.slice(0, count);
  const first = steps[0];
  const accepted = steps.find(({ type, data }) => type === "dispatch" && data.state === "accepted");
  if (!first || !accepted || accepted === first || !isHandingOver(first)) return null;
  return Date.parse(accepted.receivedAt) - Date.parse(first.receivedAt);
}
