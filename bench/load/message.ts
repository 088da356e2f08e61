/**
 * The text every measured callback carries as its `message`: who sent it, its place among that sender's
 * callbacks, and when it was sent. Readers find it in the event without parsing JSON.
 */
export const MARK = Buffer.from("bench/");
const LONGEST_STAMP = 120;

export interface Stamp {
  sender: string;
  sequence: number;
  /** Microseconds of the monotonic clock; 0 when the time does not matter. */
  sentAt: number;
}

/** @param sender may hold anything but `/` and `"` */
export function stampMessage({ sender, sequence, sentAt }: Stamp): string {
  return `bench/${sender}/${sequence}/${sentAt}/`;
}

/** Reads the stamp that begins at `mark`, where {@link MARK} was found. */
export function readStamp(bytes: Buffer, mark: number): Stamp {
  const text = bytes.toString("latin1", mark, Math.min(mark + LONGEST_STAMP, bytes.length));
  const [, sender = "", sequence, sentAt] = text.split("/", 4);
  return { sender, sequence: Number(sequence), sentAt: Number(sentAt) };
}
