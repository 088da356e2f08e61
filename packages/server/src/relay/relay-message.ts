import type { LogRow } from "../store/log-row.ts";

/** Some rows of the log, one behind the other, as one message carries them. */
export interface RelayMessage {
  /** Who sent it: made up anew whenever a node begins to relay. */
  session: string;
  /** Id of the newest event that it stands for, also where that was too large to be carried. */
  upTo: number;
  rows: readonly LogRow[];
}

/** A row but its frame, and how many bytes that has. */
interface RowLine extends Omit<LogRow, "frame"> {
  bytes: number;
}

/** So many bytes of frames share a message. */
const MESSAGE_BYTES = 128 * 1024;

/** A message as it travels: a line of JSON, then the frames as they are, which JSON would make larger and slower. */
export function encodeMessage({ session, upTo, rows }: RelayMessage): Uint8Array {
  const frames = rows.map(({ frame }) => Buffer.from(frame));
  const lines = rows.map(
    ({ frame: _, ...row }, index): RowLine => ({ ...row, bytes: frames[index]?.length ?? 0 }),
  );
  return Buffer.concat([Buffer.from(`${JSON.stringify({ session, upTo, rows: lines })}\n`), ...frames]);
}

/** @throws Error when it is none */
export function decodeMessage(data: Uint8Array): RelayMessage {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
  let at = bytes.indexOf("\n") + 1;
  const { session, upTo, rows } = JSON.parse(bytes.toString("utf8", 0, at)) as {
    session: string;
    upTo: number;
    rows: RowLine[];
  };
  const whole = rows.map(({ bytes: length, ...row }) => {
    const frame = bytes.toString("utf8", at, at + length);
    at += length;
    return { ...row, frame };
  });
  return { session, upTo, rows: whole };
}

/**
 * Puts rows into messages.
 * @param maxBytes a message with a row larger than this cannot be sent: it then goes without, and whoever gets it reads that
 */
export function* messagesOf(
  session: string,
  rows: readonly LogRow[],
  maxBytes: number,
): Generator<RelayMessage> {
  let carried: LogRow[] = [];
  let bytes = 0;
  for (const row of rows) {
    // In UTF-16 units, each of which is at most three bytes.
    const size = row.frame.length + (row.change?.length ?? 0);
    const isTooLarge = size * 3 + 1024 > maxBytes;
    if (carried.length > 0 && (isTooLarge || bytes + size > MESSAGE_BYTES)) {
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
