import { createHmac, timingSafeEqual } from "node:crypto";
import type { LogRow } from "../store/log-row.ts";

/** Some rows of the log, one behind the other, as one message carries them. */
export interface RelayMessage {
  /** Who sent it: made up again whenever a node begins to relay. */
  session: string;
  /** Id of the newest event that it stands for, also where that was too large to be carried. */
  upTo: number;
  rows: readonly LogRow[];
}

/** A row but its frame, and how many bytes that has. */
interface RowLine extends Omit<LogRow, "frame"> {
  bytes: number;
}

/** So many bytes of frames share a message, where it may be as large as that. */
const MESSAGE_BYTES = 128 * 1024;
/** Of HMAC-SHA-256. */
const SEAL_BYTES = 32;

/**
 * A message as it travels: its seal, a line of JSON, then the frames as they are, which JSON would make larger and
 * slower.
 * @param key of the seal, which the nodes of one Mission Control have in common: what NATS brings tells them what to do,
 *   and nobody else who can publish there may
 */
export function encodeMessage({ session, upTo, rows }: RelayMessage, key: Uint8Array): Uint8Array {
  const frames = rows.map(({ frame }) => Buffer.from(frame));
  const lines = rows.map(
    ({ frame: _, ...row }, index): RowLine => ({ ...row, bytes: frames[index]?.length ?? 0 }),
  );
  const content = Buffer.concat([
    Buffer.from(`${JSON.stringify({ session, upTo, rows: lines })}\n`),
    ...frames,
  ]);
  return Buffer.concat([sealOf(content, key), content]);
}

/** Null for what no node of this Mission Control has sealed. */
export function decodeMessage(data: Uint8Array, key: Uint8Array): RelayMessage | null {
  const whole = Buffer.from(data.buffer, data.byteOffset, data.length);
  const seal = whole.subarray(0, SEAL_BYTES);
  const bytes = whole.subarray(SEAL_BYTES);
  if (seal.length < SEAL_BYTES || !timingSafeEqual(seal, sealOf(bytes, key))) return null;
  let at = bytes.indexOf("\n") + 1;
  const { session, upTo, rows } = JSON.parse(bytes.toString("utf8", 0, at)) as {
    session: string;
    upTo: number;
    rows: RowLine[];
  };
  const carried = rows.map(({ bytes: length, ...row }) => {
    const frame = bytes.toString("utf8", at, at + length);
    at += length;
    return { ...row, frame };
  });
  return { session, upTo, rows: carried };
}

function sealOf(content: Uint8Array, key: Uint8Array): Buffer {
  return createHmac("sha256", key).update(content).digest();
}

/**
 * Puts rows into messages.
 * @param maxBytes the largest message that can be sent: one with a larger row goes without it, and whoever gets it reads
 *   the row
 */
export function* messagesOf(
  session: string,
  rows: readonly LogRow[],
  maxBytes: number,
): Generator<RelayMessage> {
  const enough = Math.min(MESSAGE_BYTES, maxBytes / 4);
  let carried: LogRow[] = [];
  let bytes = 0;
  for (const row of rows) {
    // In UTF-16 units, each of which is at most three bytes.
    const size = row.frame.length + (row.change?.length ?? 0);
    const isTooLarge = size * 3 + 1024 > maxBytes;
    if (carried.length > 0 && (isTooLarge || bytes + size > enough)) {
      yield { session, upTo: carried.at(-1)?.id ?? 0, rows: carried };
      carried = [];
      bytes = 0;
    }
    if (isTooLarge) yield { session, upTo: row.id, rows: [] };
    else {
      carried.push(row);
      bytes += size;
    }
  }
  const last = carried.at(-1);
  if (last) yield { session, upTo: last.id, rows: carried };
}
