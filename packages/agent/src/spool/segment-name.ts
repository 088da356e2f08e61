import { basename } from "node:path";
import { isAlive } from "./owner.ts";

// A segment's name tells, in this order, when it began, its dispatch and its owner: `<time>-<key>-<random>.<owner>`.
// What follows the first dot changes with its fate: an owner's mark, `free`, `<mark>~` for a draft, or `broken`.

export const FREE = "free";
const DRAFT_SUFFIX = "~";
const BROKEN_SUFFIX = "broken";

/** Names a segment so that sorting names sorts by age. `time` is in milliseconds since the epoch. */
export function segmentName(time: number, key: string, distinguisher: string): string {
  return `${time.toString(36).padStart(9, "0")}-${key}-${distinguisher}`;
}

/** A segment as its file name tells it. */
export interface SegmentEntry {
  path: string;
  name: string;
  /** When it began, in milliseconds since the epoch. */
  time: number;
  key: string;
  /** Another process, or this one, is at work on it. */
  readonly owned: boolean;
}

/** Reads a file name; `undefined` for files that are no segments. */
export function parseEntry(path: string): SegmentEntry | undefined {
  const { name, owner } = parsePath(path);
  const [, time, key] = /^([0-9a-z]{9})-([0-9a-f]+)-[0-9a-z]+$/.exec(name) ?? [];
  if (!time || !key || owner.endsWith(DRAFT_SUFFIX) || isBroken(path)) return undefined;
  return {
    path,
    name,
    time: Number.parseInt(time, 36),
    key,
    // Asked of the system only for those that matter.
    get owned() {
      return owner !== FREE && isAlive(owner);
    },
  };
}

/** The name before the first dot, and what comes after it. */
export function parsePath(path: string): { name: string; owner: string } {
  const file = basename(path);
  const dot = file.indexOf(".");
  return { name: file.slice(0, dot), owner: file.slice(dot + 1) };
}

/** Under what name a file is written before it has its own. `path` ends with the owner's mark. */
export function draftOf(path: string): string {
  return path + DRAFT_SUFFIX;
}

/** Whether a file is what a crash left of writing a file that was to replace or become another. */
export function isAbandonedDraft(path: string): boolean {
  return path.endsWith(DRAFT_SUFFIX) && !isAlive(parsePath(path).owner.slice(0, -DRAFT_SUFFIX.length));
}

/** The name under which the `n`th damaged state of a segment is kept. */
export function brokenName(name: string, n: number): string {
  return n === 1 ? `${name}.${BROKEN_SUFFIX}` : `${name}.${n}.${BROKEN_SUFFIX}`;
}

/** Whether a file holds what could not be read. */
export function isBroken(path: string): boolean {
  return path.endsWith(`.${BROKEN_SUFFIX}`);
}
