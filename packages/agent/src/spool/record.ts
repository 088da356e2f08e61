import { createHash } from "node:crypto";
import type { Message } from "../callback.ts";

/** What this version writes. It also reads format 1, whose lines have no checksum. */
const FORMAT = 2;
const CHECKSUM_LENGTH = 16;

/** First line of a segment: whose callbacks these are and how to sign them. */
export interface SegmentHeader {
  v: number;
  url: string;
  /** The dispatch's secret, sealed; `null` where the shared secret signs, which is never written down. */
  sealed: string | null;
}

export function newHeader(url: string, sealed: string | null): SegmentHeader {
  return { v: FORMAT, url, sealed };
}

/** One line of a segment: the beginning of the SHA-256 of the JSON, the JSON. */
export function encodeLine(value: SegmentHeader | Message | { settled: string }): string {
  const json = JSON.stringify(value);
  return `${checksum(json)} ${json}\n`;
}

/** What a segment's text holds. */
export interface SegmentContent {
  /** `undefined` when nothing can be delivered from this file. */
  header: SegmentHeader | undefined;
  /** What is not settled yet, oldest first. */
  pending: Map<string, Message>;
  /** What of it cannot be read, as the end of a sentence about the file. */
  damage: string | undefined;
}

export function decodeSegment(text: string): SegmentContent {
  const [first = "", ...rest] = text.split("\n");
  const pending = new Map<string, Message>();
  const header = readLine(first) as Partial<SegmentHeader> | undefined;
  if (typeof header?.v === "number" && header.v > FORMAT) {
    const damage = `was written by a newer version (format ${header.v}), which can deliver it`;
    return { header: undefined, pending, damage };
  }
  if (typeof header?.url !== "string" || header.v === undefined) {
    return { header: undefined, pending, damage: "cannot be read from its first line on" };
  }
  let unreadable = 0;
  for (const line of rest) {
    if (line !== "" && !take(readLine(line), pending)) unreadable++;
  }
  const damage = unreadable > 0 ? `has ${unreadable} line(s) that cannot be read` : undefined;
  return { header: header as SegmentHeader, pending, damage };
}

/** @returns whether the line was one that is understood */
function take(value: unknown, pending: Map<string, Message>): boolean {
  const { settled, id, type, body, upload } = (value ?? {}) as Partial<Message & { settled: string }>;
  if (settled !== undefined) pending.delete(settled);
  else if (id && type && body) pending.set(id, upload ? { id, type, body, upload } : { id, type, body });
  else return false;
  return true;
}

/** The JSON of a line, or `undefined` when it is not as it was written. */
function readLine(line: string): unknown {
  const isFormat1 = line.startsWith("{");
  const json = isFormat1 ? line : line.slice(CHECKSUM_LENGTH + 1);
  if (!isFormat1 && line !== `${checksum(json)} ${json}`) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function checksum(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, CHECKSUM_LENGTH);
}
