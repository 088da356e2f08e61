import type { Gap } from "./store.ts";

/** More events than any server, or all nodes on one database, commit in a millisecond. */
const EVENTS_PER_MS = 100;
/** The least that is left out, for a clock that was set back. */
const MIN_IDS = 1_000_000;

/**
 * The ids to leave out in a log that was put back from a copy: those that were perhaps given to events which the copy does
 * not hold, as they could have been written from its newest event until now. Else clients that have seen those events
 * would take what comes now for them.
 * @param log.newest its newest id
 * @param log.newestAt when its newest event was received, ISO 8601; null where it has none
 * @param log.seen an id that is known to have been given
 * @param now milliseconds since the epoch
 */
export function gapAfter(log: { newest: number; newestAt: string | null; seen: number }, now: number): Gap {
  const elapsed = log.newestAt === null ? 0 : now - Date.parse(log.newestAt);
  const given = Math.max(log.newest, log.seen);
  const count = Math.max(MIN_IDS, Math.ceil(elapsed * EVENTS_PER_MS));
  return { from: log.newest + 1, to: given + 1 + count };
}

/** Whether a position was perhaps that of an event which is no more, so that nobody can tell what stands behind it. */
export function isLostPosition(position: number, gaps: readonly Gap[]): boolean {
  return gaps.some(({ from, to }) => position >= from && position < to);
}

/** The id, or the first one behind the gap that it is in. */
export function behindGap(id: number, gaps: readonly Gap[]): number {
  const gap = gaps.find(({ from, to }) => id >= from && id <= to);
  return gap ? gap.to + 1 : id;
}

/** How many events there are, or were, after one id and up to another: the ids between them that are in no gap. */
export function eventsBetween(after: number, upTo: number, gaps: readonly Gap[] = []): number {
  const leftOut = gaps.map(({ from, to }) => Math.max(0, Math.min(to, upTo) - Math.max(from, after + 1) + 1));
  return Math.max(0, upTo - after - leftOut.reduce((sum, count) => sum + count, 0));
}

/** The id up to which everything is older than the newest `count` events, given that `newest` is the newest id. */
export function idBefore(count: number, newest: number, gaps: readonly Gap[]): number {
  let id = newest;
  let left = count;
  for (const { from, to } of gaps.toReversed()) {
    if (left <= id - to) break;
    left -= id - to;
    id = from - 1;
  }
  return id - left;
}
