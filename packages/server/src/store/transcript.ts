import type { TranscriptEntry, TranscriptPage } from "@mission-control/protocol";
import { entryPartOf, foldEntry } from "@mission-control/protocol/transcript-fold";
import { decodeFrame } from "./event-frame.ts";
import type { Store } from "./store.ts";

/** Entries that one step reads. */
const STEP_ENTRIES = 64;
/** Events of each entry that one step reads. */
const STEP_EVENTS = 32;
/** A page that holds so much ends with the step that reached it, in UTF-16 units. */
const PAGE_SIZE = 2 * 1024 * 1024;

/** Which entries of a task: those that began between two positions, and from which end on. */
export interface TranscriptQuery {
  after: number;
  before: number;
  newestFirst: boolean;
  limit: number;
}

/** Where an entry begins, and the key that all its parts have; empty where that event is all of it. */
export interface EntryBegin {
  eventId: number;
  key: string;
}

/** A stretch of entry begins, in the order that was asked for. */
export interface EntryBegins {
  begins: readonly EntryBegin[];
  /** The last position looked at, where the next stretch goes on; null when there is nothing behind it. */
  lookedUpTo: number | null;
}

/** An entry of which only the events after a position are wanted. */
export interface EntryRest extends EntryBegin {
  after: number;
}

/** What an engine reads of transcripts, each in one bounded step. */
export interface TranscriptSource {
  /** What the log holds, and which attempts a task has. */
  readonly store: Pick<Store, "range" | "attemptsOf">;
  /** At most `query.limit` begins; perhaps fewer, even none, though more are behind them. */
  entryBegins(taskId: string, query: TranscriptQuery): Promise<EntryBegins>;
  /** The frames of entries' events: those of each in order, and at most `limit` of them. */
  entryFrames(taskId: string, entries: readonly EntryRest[], limit: number): Promise<string[]>;
}

/**
 * Reads a page of a task's transcript from the log: finds by its indexes where entries begin, and folds the events of
 * each. What retention has removed is not there: an entry then begins with the first event of it that is left.
 */
export async function readTranscript(
  source: TranscriptSource,
  taskId: string,
  query: TranscriptQuery,
): Promise<TranscriptPage> {
  // Read first: what is folded in is at least as new.
  const { newest: lastEventId } = await source.store.range();
  const attempts = new Map((await source.store.attemptsOf(taskId)).map(({ id, number }) => [id, number]));
  const items: TranscriptEntry[] = [];
  let rest = query;
  let found = 0;
  let size = 0;
  let last = "";
  for (;;) {
    const room = query.limit - found;
    // One more than the page has room for tells whether there is another.
    const limit = Math.min(STEP_ENTRIES, room + 1);
    const { begins, lookedUpTo } = await source.entryBegins(taskId, { ...rest, limit });
    const page = begins.slice(0, room);
    const folded = await foldAll(source, taskId, page, attempts);
    items.push(...page.flatMap(({ eventId }) => folded.entries.get(eventId) ?? []));
    found += page.length;
    size += folded.size;
    last = String(page.at(-1)?.eventId ?? last);
    if (begins.length > page.length) return { items, nextCursor: last, lastEventId };
    if (lookedUpTo === null) return { items, nextCursor: null, lastEventId };
    if (size >= PAGE_SIZE) return { items, nextCursor: last, lastEventId };
    rest = query.newestFirst ? { ...rest, before: lookedUpTo } : { ...rest, after: lookedUpTo };
  }
}

/** Folds the events of entries, in as many steps as the one with most events needs. By where each begins. */
async function foldAll(
  source: TranscriptSource,
  taskId: string,
  begins: readonly EntryBegin[],
  attempts: ReadonlyMap<string, number>,
): Promise<{ entries: Map<number, TranscriptEntry>; size: number }> {
  const folded = new Map<string, { entry: TranscriptEntry; events: number }>();
  let size = 0;
  let wanted: readonly EntryRest[] = begins.map((begin) => ({ ...begin, after: begin.eventId - 1 }));
  for (let step = 1; wanted.length > 0; step++) {
    for (const frame of await source.entryFrames(taskId, wanted, STEP_EVENTS)) {
      const part = entryPartOf(decodeFrame(frame));
      const attempt = attempts.get(part?.dispatchId ?? "");
      if (!part || attempt === undefined) continue;
      const { entry, events = 0 } = folded.get(part.key) ?? {};
      folded.set(part.key, { entry: foldEntry(entry, part, attempt), events: events + 1 });
      size += frame.length;
    }
    // One that filled every step so far may have more.
    wanted = wanted.flatMap((begin) => {
      const { entry, events } = folded.get(begin.key) ?? {};
      return entry && events === step * STEP_EVENTS ? [{ ...begin, after: entry.lastEventId }] : [];
    });
  }
  return { entries: new Map([...folded.values()].map(({ entry }) => [entry.eventId, entry])), size };
}
