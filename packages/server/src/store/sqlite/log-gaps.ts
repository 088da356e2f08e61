import type { DatabaseSync } from "node:sqlite";
import { decodeFrame } from "../event-frame.ts";
import type { Gap } from "../store.ts";

/** More events than any server commits in a millisecond. */
const EVENTS_PER_MS = 100;
/** The least that is left out, for a clock that was set back. */
const MIN_IDS = 1_000_000;
/** Rows of `meta` that tell a gap: its first id in the key, its last one as the value. */
const KEY = "gap ";

/**
 * Leaves out the ids that were perhaps given to events which a database put back from a copy does not hold: those that
 * could have been written from its newest event until now. Else clients that have seen those events would take what
 * comes now for them.
 * @param now milliseconds since the epoch
 */
export function leaveGap(db: DatabaseSync, now: number): void {
  const last = db.prepare("SELECT id, frame FROM events ORDER BY id DESC LIMIT 1").get();
  if (!last) return;
  const elapsed = now - Date.parse(decodeFrame(String(last.frame)).receivedAt);
  const from = Math.max(Number(last.id), readGaps(db).at(-1)?.to ?? 0) + 1;
  const to = from + Math.max(MIN_IDS, Math.ceil(elapsed * EVENTS_PER_MS));
  db.prepare("INSERT INTO meta (key, value) VALUES (?, ?)").run(KEY + from, to);
}

/** The gaps of a log, oldest first. */
export function readGaps(db: DatabaseSync): Gap[] {
  return db
    .prepare("SELECT key, value FROM meta WHERE key GLOB 'gap *'")
    .all()
    .map(({ key, value }) => ({ from: Number(String(key).slice(KEY.length)), to: Number(value) }))
    .sort((a, b) => a.from - b.from);
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
