import type { DatabaseSync } from "node:sqlite";
import { decodeFrame } from "../event-frame.ts";
import { gapAfter } from "../log-gaps.ts";
import type { Gap } from "../store.ts";

/** Rows of `meta` that tell a gap: its first id in the key, its last one as the value. */
const KEY = "gap ";

/** The gaps as a table, with columns named as PostgreSQL's table of them has them. */
export const GAPS_TABLE = `(SELECT CAST(substr(key, ${KEY.length + 1}) AS INTEGER) AS first, value AS last FROM meta WHERE key GLOB '${KEY}*')`;

/** Leaves out the ids that a database put back from a copy may have given since it was made. @see gapAfter */
export function leaveGap(db: DatabaseSync, now: number): void {
  const last = db.prepare("SELECT id, frame FROM events ORDER BY id DESC LIMIT 1").get();
  if (!last) return;
  const newest = Math.max(Number(last.id), readGaps(db).at(-1)?.to ?? 0);
  const newestAt = decodeFrame(String(last.frame)).receivedAt;
  writeGap(db, gapAfter({ newest, newestAt, seen: newest }, now));
}

/** The gaps of a log, oldest first. */
export function readGaps(db: DatabaseSync): Gap[] {
  return db
    .prepare(`SELECT first, last FROM ${GAPS_TABLE} ORDER BY first`)
    .all()
    .map(({ first, last }) => ({ from: Number(first), to: Number(last) }));
}

export function writeGap(db: DatabaseSync, { from, to }: Gap): void {
  db.prepare("INSERT INTO meta (key, value) VALUES (?, ?)").run(KEY + from, to);
}
