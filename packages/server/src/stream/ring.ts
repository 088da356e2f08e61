import type { EventFilter } from "@mission-control/protocol";
import type { LogEntry } from "../store/store.ts";
import { passes, type Subject } from "./filter.ts";

const SEGMENT_BYTES = 256 * 1024;
const SEGMENTS = 16;
/** Frames that may be longer are measured: a segment holds more of them then. */
const COUNTED_BYTES = 16 * 1024;

type Entry = Subject & Pick<LogEntry, "id">;

/** Consecutive events, encoded once into one buffer. Never written again once a reader may hold a part of it. */
interface Segment {
  buffer: Buffer;
  entries: Entry[];
  /** Where each entry's frame begins; one more at the end says where the last one ends. */
  offsets: number[];
}

/** Encoded frames, shared by all who are sent them. */
export interface Slice {
  buffers: Uint8Array[];
  bytes: number;
  lastId: number;
}

/**
 * The newest events as encoded frames, about 4 MiB of them. Readers that are a little behind are served from
 * here, by parts of the same buffers, without a copy and without the store.
 */
export class Ring {
  readonly #segments: Segment[] = [];
  #head: number;

  /** @param head id of the newest event that is in the log already */
  constructor(head: number) {
    this.#head = head;
  }

  /** Id of the newest event. */
  get head(): number {
    return this.#head;
  }

  /** Whether everything after `position` is still here. */
  reaches(position: number): boolean {
    const oldest = this.#segments[0]?.entries[0]?.id ?? this.#head + 1;
    return position >= oldest - 1;
  }

  /** Encodes and keeps committed events. Where ids are left out, what stands before the gap is forgotten: ids are counted by. */
  append(entries: readonly LogEntry[]): void {
    for (const { frame, id, type, taskId, agentId } of entries) {
      if (id !== this.#head + 1) this.#segments.length = 0;
      const segment = this.#segmentFor(frame);
      const start = segment.offsets.at(-1) ?? 0;
      segment.offsets.push(start + segment.buffer.write(frame, start, "utf8"));
      segment.entries.push({ id, type, taskId, agentId });
      this.#head = id;
    }
    while (this.#segments.length > SEGMENTS) this.#segments.shift();
  }

  /** The frames after `position` up to `upTo`, at most about `maxBytes`; needs {@link reaches}. */
  after(position: number, upTo: number, filter: EventFilter | null, maxBytes: number): Slice {
    const slice: Slice = { buffers: [], bytes: 0, lastId: position };
    for (const segment of this.#segments) {
      const first = segment.entries[0]?.id ?? 0;
      const from = Math.max(0, position + 1 - first);
      const end = Math.min(segment.entries.length, upTo + 1 - first);
      if (from >= end) continue;
      if (slice.bytes >= maxBytes) break;
      if (filter) addMatching(segment, { from, end }, filter, maxBytes, slice);
      else addAll(segment, { from, end }, maxBytes, slice);
    }
    return slice;
  }

  /** The frames of chosen events, given by ids that are here. */
  pick(ids: readonly number[]): Slice {
    const slice: Slice = { buffers: [], bytes: 0, lastId: ids.at(-1) ?? this.#head };
    let at = this.#segments.length - 1;
    for (let index = ids.length - 1; index >= 0; index--) {
      const id = ids[index] as number;
      while (at > 0 && (this.#segments[at]?.entries[0]?.id ?? 0) > id) at--;
      const segment = this.#segments[at] as Segment;
      slice.buffers.unshift(frameAt(segment, id - (segment.entries[0]?.id ?? 0)));
    }
    for (const buffer of slice.buffers) slice.bytes += buffer.length;
    return merged(slice);
  }

  #segmentFor(frame: string): Segment {
    // Room for the widest characters costs a short frame nothing; for a long one it is worth to count.
    const needed = frame.length * 3 <= COUNTED_BYTES ? frame.length * 3 : Buffer.byteLength(frame);
    const current = this.#segments.at(-1);
    if (current && (current.offsets.at(-1) ?? 0) + needed <= current.buffer.length) return current;
    const buffer = Buffer.allocUnsafeSlow(Math.max(SEGMENT_BYTES, needed));
    const segment: Segment = { buffer, entries: [], offsets: [0] };
    this.#segments.push(segment);
    return segment;
  }
}

function frameAt({ buffer, offsets }: Segment, index: number): Buffer {
  return buffer.subarray(offsets[index], offsets[index + 1]);
}

/** Entries of a segment by index, `end` not among them. */
interface Range {
  from: number;
  end: number;
}

function addAll({ buffer, entries, offsets }: Segment, range: Range, maxBytes: number, slice: Slice): void {
  const start = offsets[range.from] ?? 0;
  let end = range.from;
  while (end < range.end && slice.bytes + (offsets[end] ?? 0) - start < maxBytes) end++;
  const part = buffer.subarray(start, offsets[end]);
  slice.buffers.push(part);
  slice.bytes += part.length;
  slice.lastId = entries[end - 1]?.id ?? slice.lastId;
}

function addMatching(
  segment: Segment,
  { from, end }: Range,
  filter: EventFilter,
  maxBytes: number,
  slice: Slice,
): void {
  const frames: Buffer[] = [];
  for (let index = from; index < end && slice.bytes < maxBytes; index++) {
    const entry = segment.entries[index] as Entry;
    slice.lastId = entry.id;
    if (!passes(filter, entry)) continue;
    const frame = frameAt(segment, index);
    frames.push(frame);
    slice.bytes += frame.length;
  }
  if (frames.length > 0) {
    slice.buffers.push(frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames));
  }
}

/** One buffer instead of many small ones: one write to the socket instead of many. */
function merged(slice: Slice): Slice {
  return slice.buffers.length > 1 ? { ...slice, buffers: [Buffer.concat(slice.buffers)] } : slice;
}
