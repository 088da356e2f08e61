import type { encodeFrame } from "../store/event-frame.ts";
import type { Slice } from "./ring.ts";

const LINE_END = 0x0a;
const FRAME_END = "\n\n";

/** Shared like the slices themselves: readers of one cohort are sent the same. */
const made = new WeakMap<Slice, Uint8Array[]>();

/**
 * The frames of a slice without their `event:` field, so that a browser's `onmessage` gets them whatever their type.
 * Relies on how {@link encodeFrame} writes a frame: its id, its type, and its JSON, on a line each.
 */
export function withoutNames(slice: Slice): readonly Uint8Array[] {
  const known = made.get(slice);
  if (known) return known;
  const buffers = slice.buffers.map(strip);
  made.set(slice, buffers);
  return buffers;
}

function strip({ buffer, byteOffset, length }: Uint8Array): Buffer {
  const frames = Buffer.from(buffer, byteOffset, length);
  const parts: Buffer[] = [];
  for (let at = 0; at < frames.length; ) {
    const name = frames.indexOf(LINE_END, at) + 1;
    const data = frames.indexOf(LINE_END, name) + 1;
    const end = frames.indexOf(FRAME_END, data) + FRAME_END.length;
    parts.push(frames.subarray(at, name), frames.subarray(data, end));
    at = end;
  }
  return Buffer.concat(parts);
}
