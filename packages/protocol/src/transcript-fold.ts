import type { Entry, TranscriptEntry } from "./entries.ts";
import type { LogEvent, NewEvent } from "./events.ts";

/** What an event tells of an entry of the transcript. */
export interface EntryPart {
  /** The same for all parts of one entry. */
  key: string;
  entry: Entry;
  dispatchId: string;
  /** Position of the event. */
  eventId: number;
  timestamp: string;
}

/**
 * What tells the entry that an event is a part of from every other of its task: parts with one `id`, of one attempt,
 * are one entry. Empty where the entry has no `id`, and this event is all of it; null where the event is no part of the
 * transcript: it has no entry, or came when its attempt was over.
 */
export function sharedEntryKey({ dispatchId, data }: Pick<NewEvent, "dispatchId" | "data">): string | null {
  if (data.entry === undefined || data.late === true || dispatchId === undefined) return null;
  const { id } = data.entry as unknown as Entry;
  return id === undefined ? "" : `${dispatchId}/${id}`;
}

/** The part of a transcript that an event of the log is; null where it is none. */
export function entryPartOf(event: LogEvent): EntryPart | null {
  const { id: eventId, dispatchId, data, timestamp } = event;
  const shared = sharedEntryKey(event);
  if (shared === null || dispatchId === undefined) return null;
  const entry = data.entry as unknown as Entry;
  return { key: shared || ownKey(dispatchId, eventId), entry, dispatchId, eventId, timestamp };
}

/** What {@link EntryPart.key} is for the parts of an entry that is in a transcript already. */
export function keyOfEntry({ dispatchId, id, eventId }: TranscriptEntry): string {
  return id === undefined ? ownKey(dispatchId, eventId) : `${dispatchId}/${id}`;
}

function ownKey(dispatchId: string, eventId: number): string {
  return `${dispatchId}#${eventId}`;
}

/**
 * Folds a part into its entry: fields that the part has win over earlier ones, and the entry stays where it began. A
 * part of another kind takes the place of all that was said before. The server makes pages of a transcript by this
 * function, and so does whoever follows the stream: both have the same entries.
 *
 * Pure. A part that is folded in already changes nothing, so a stream may begin before the page that it continues.
 * Needs the parts in the order of the log.
 *
 * @param before the entry so far, if there is one
 * @param attempt number of the attempt that the part belongs to
 */
export function foldEntry(
  before: TranscriptEntry | undefined,
  part: EntryPart,
  attempt: number,
): TranscriptEntry {
  const { entry, dispatchId, eventId, timestamp } = part;
  if (before && eventId <= before.lastEventId) return before;
  const began = before ?? { eventId, timestamp };
  const place = {
    eventId: began.eventId,
    lastEventId: eventId,
    dispatchId,
    attempt,
    timestamp: began.timestamp,
    updatedAt: timestamp,
  };
  return { ...(before?.kind === entry.kind ? before : {}), ...entry, ...place } as TranscriptEntry;
}
