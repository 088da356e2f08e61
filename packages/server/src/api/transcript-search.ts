import { entryMatches, entryTexts, type TranscriptPage } from "@mission-control/protocol";
import type { Store } from "../store/store.ts";
import type { TranscriptQuery } from "../store/transcript.ts";

/** Entries read in one step. */
const STEP = 100;
/** What one page looks at, in entries and in UTF-16 units of their texts: bounds its time where few match. */
const LOOKED_AT = { entries: 5_000, units: 4 * 1024 * 1024 };

/**
 * A page of the entries of a transcript that have a text. One that has looked at enough is short, even empty, and its
 * cursor goes on.
 */
export async function searchTranscript(
  store: Pick<Store, "transcript">,
  taskId: string,
  q: string,
  query: TranscriptQuery,
): Promise<TranscriptPage> {
  const items: TranscriptPage["items"] = [];
  let rest: TranscriptQuery = { ...query, limit: STEP };
  let lastEventId: number | undefined;
  for (let entries = 0, units = 0; ; ) {
    const page = await store.transcript(taskId, rest);
    lastEventId ??= page.lastEventId;
    for (const entry of page.items) {
      units += entryTexts(entry).reduce((sum, [, text]) => sum + text.length, 0);
      const matches = entryMatches(entry, q);
      if (matches.length > 0) items.push({ ...entry, matches });
      if (items.length === query.limit) return { items, nextCursor: String(entry.eventId), lastEventId };
    }
    entries += page.items.length;
    const { nextCursor } = page;
    if (nextCursor === null || entries >= LOOKED_AT.entries || units >= LOOKED_AT.units) {
      return { items, nextCursor, lastEventId };
    }
    rest = query.newestFirst
      ? { ...rest, before: Number(nextCursor) }
      : { ...rest, after: Number(nextCursor) };
  }
}
