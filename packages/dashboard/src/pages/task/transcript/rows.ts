import type { EventType, LogEvent, TranscriptEntry } from "@mission-control/protocol";
import { entryPartOf, foldEntry, keyOfEntry } from "@mission-control/protocol/transcript-fold";

/** Types of events that stand in a transcript beside the entries. */
export const MILESTONES: readonly EventType[] = [
  "dispatch",
  "permission",
  "message",
  "artifact",
  "complete",
  "error",
];

/** One row of a transcript: what an agent did, or an event that stands between. */
export type TranscriptRow = EntryRow | EventRow;

export interface EntryRow {
  kind: "entry";
  /** The same while the entry goes on. */
  key: string;
  /** Where it began in the log: its place, and its permalink. */
  eventId: number;
  entry: TranscriptEntry;
}

export interface EventRow {
  kind: "event";
  key: string;
  eventId: number;
  /** The latest of the events it stands for. */
  event: LogEvent;
}

/**
 * The rows of one task's transcript in the order of the log. Whatever is known may come in any order and again: pages of
 * the server, from either end, and the events of the log meanwhile. A row is never changed in place: what has changed is
 * another object.
 */
export class TranscriptRows {
  #rows: TranscriptRow[] = [];
  readonly #places = new Map<string, number>();
  readonly #errors = new Set<string>();
  /** The events that a milestone stands for, in their order, which need not be the one they became known in. */
  readonly #told = new Map<string, readonly LogEvent[]>();
  /** Numbers of attempts by their dispatch. */
  readonly #attempts = new Map<string, number>();
  /** Plain progress is shown only as long as the agent sends nothing better. */
  #hasEntries = false;
  #isOrdered = true;
  #version = 0;

  get all(): readonly TranscriptRow[] {
    return this.#rows;
  }

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  /** How many rows tell of something that went wrong. */
  get errorCount(): number {
    return this.#errors.size;
  }

  get hasEntries(): boolean {
    return this.#hasEntries;
  }

  isError({ key }: TranscriptRow): boolean {
    return this.#errors.has(key);
  }

  /** Where the row of an event stands, or the one before it; -1 before the first. */
  indexOf(eventId: number): number {
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#rows[middle]?.eventId ?? 0) <= eventId) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Takes entries as the server has folded them. */
  takeEntries(entries: readonly TranscriptEntry[]): void {
    for (const entry of entries) {
      const key = keyOfEntry(entry);
      const known = this.#at(key);
      this.#learnAttempt(entry.dispatchId, entry.attempt);
      this.#putEntry(key, known?.kind === "entry" ? joined(known.entry, entry) : entry);
    }
    this.#sort();
  }

  /** Takes events of the task, whole, in the order of the log. */
  takeEvents(events: readonly LogEvent[]): void {
    for (const event of events) {
      if (event.type === "activity") this.#takeActivity(event);
      else this.#takeMilestone(event);
    }
    this.#sort();
  }

  #takeActivity(event: LogEvent): void {
    const part = entryPartOf(event);
    if (part) {
      const known = this.#at(part.key);
      const before = known?.kind === "entry" ? known.entry : undefined;
      const attempt = this.#attempts.get(part.dispatchId) ?? 1;
      this.#putEntry(part.key, foldEntry(before, part, attempt));
    } else if (event.data.late !== true && !this.#hasEntries) {
      this.#put({ kind: "event", key: `event ${event.id}`, eventId: event.id, event });
    }
  }

  #takeMilestone(event: LogEvent): void {
    const { attempt } = event.data;
    if (typeof attempt === "number" && event.dispatchId) this.#learnAttempt(event.dispatchId, attempt);
    const key = milestoneKey(event);
    if (key === null) return;
    const known = this.#told.get(key) ?? [];
    if (known.some(({ id }) => id === event.id)) return;
    const told = [...known, event].sort((one, other) => one.id - other.id);
    this.#told.set(key, told);
    const [first = event] = told;
    // An attempt begins once; a question and a message go on.
    if (event.type !== "dispatch") {
      this.#put({ kind: "event", key, eventId: first.id, event: told.reduce(goneOn) });
    } else if (first === event) this.#put({ kind: "event", key, eventId: first.id, event: first });
  }

  /** What was taken before its attempt's number was known stands under that of the first. */
  #learnAttempt(dispatchId: string, attempt: number): void {
    if (this.#attempts.get(dispatchId) === attempt) return;
    this.#attempts.set(dispatchId, attempt);
    for (const row of this.#rows) {
      if (row.kind !== "entry" || row.entry.dispatchId !== dispatchId || row.entry.attempt === attempt)
        continue;
      this.#put({ ...row, entry: { ...row.entry, attempt } });
    }
  }

  #at(key: string): TranscriptRow | undefined {
    const place = this.#places.get(key);
    return place === undefined ? undefined : this.#rows[place];
  }

  #putEntry(key: string, entry: TranscriptEntry): void {
    if (!this.#hasEntries) this.#dropProgress();
    const known = this.#at(key);
    if (known?.kind !== "entry" || known.entry !== entry) {
      this.#put({ kind: "entry", key, eventId: entry.eventId, entry });
    }
  }

  #put(row: TranscriptRow): void {
    const place = this.#places.get(row.key);
    if (place === undefined) {
      if (row.eventId < (this.#rows.at(-1)?.eventId ?? 0)) this.#isOrdered = false;
      this.#places.set(row.key, this.#rows.length);
      this.#rows.push(row);
    } else {
      if (this.#rows[place]?.eventId !== row.eventId) this.#isOrdered = false;
      this.#rows[place] = row;
    }
    if (tellsOfError(row)) this.#errors.add(row.key);
    else this.#errors.delete(row.key);
    this.#version += 1;
  }

  /** The first entry is here: the lines that stood for it meanwhile go. */
  #dropProgress(): void {
    this.#hasEntries = true;
    this.#rows = this.#rows.filter((row) => row.kind === "entry" || row.event.type !== "activity");
    this.#number();
  }

  /** Rows come nearly always in order; where they do not, they are sorted once for all that came together. */
  #sort(): void {
    if (this.#isOrdered) return;
    this.#isOrdered = true;
    this.#rows.sort((one, other) => one.eventId - other.eventId);
    this.#number();
  }

  #number(): void {
    this.#places.clear();
    this.#rows.forEach(({ key }, place) => {
      this.#places.set(key, place);
    });
  }
}

/** What is known of one entry twice: its beginning by whoever saw it earlier, all else by whoever saw it later. */
function joined(known: TranscriptEntry, told: TranscriptEntry): TranscriptEntry {
  if (told.lastEventId >= known.lastEventId) return told;
  if (known.eventId <= told.eventId) return known;
  const { eventId, timestamp } = told;
  return { ...(told.kind === known.kind ? told : {}), ...known, eventId, timestamp } as TranscriptEntry;
}

/** What was asked or written stands in the first event; how it went on, in the latest. */
function goneOn(before: LogEvent, event: LogEvent): LogEvent {
  const data = { ...before.data, ...event.data };
  const tellsDelivery = data.state === "delivered" || data.state === "undelivered";
  const message = event.type === "message" || tellsDelivery ? before.message : event.message;
  return { ...before, ...event, ...(message === undefined ? {} : { message }), data };
}

/** A milestone's row: one for each attempt's beginning, question, message and result; null for what has none. */
function milestoneKey({ id, type, dispatchId, data }: LogEvent): string | null {
  switch (type) {
    case "dispatch":
      return data.state === "queued" || data.state === "sending" ? `attempt ${dispatchId}` : null;
    case "permission": {
      const request = data.request as { id?: string } | undefined;
      return `question ${dispatchId} ${request?.id ?? data.requestId}`;
    }
    case "message":
      return `message ${data.messageId}`;
    case "artifact":
    case "complete":
    case "error":
      return `event ${id}`;
    default:
      return null;
  }
}

/** An answer, or a message, that the agent did not get. */
function isUndelivered({ type, data }: LogEvent): boolean {
  return (
    (type === "permission" && data.state === "undelivered") ||
    (type === "message" && data.state === "refused")
  );
}

function tellsOfError(row: TranscriptRow): boolean {
  if (row.kind === "event") return row.event.type === "error" || isUndelivered(row.event);
  const { entry } = row;
  if (entry.kind !== "tool") return false;
  return entry.state === "failed" || (entry.exitCode !== undefined && entry.exitCode !== 0);
}
