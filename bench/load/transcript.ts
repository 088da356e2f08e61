import { MARK, readStamp } from "./message.ts";

const BLOCK_BYTES = 4 * 1024 * 1024;
const FRAME_END = Buffer.from("\n\n");
export const RESET_FIELD = Buffer.from("event: reset\n");
const DATA_FIELD = Buffer.from("\ndata:");
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const SPACE = 32;
const DIGIT_ZERO = 48;
const COLON = 58;
const LETTER_I = 105;
const LETTER_D = 100;

/** A number, or nchan's `seconds:count`. */
type EventId = number | string;

export interface Expectations {
  /** Text every event has to contain, as a stream with a filter promises. */
  mustHold?: string | undefined;
  /** Each id is the one before plus one, as the whole log's are. */
  contiguous?: boolean | undefined;
}

/**
 * The one true stream several readers must all get: complete event frames, end to end, as the first reader
 * to get each of them wrote it down. It refuses ids that do not rise and a sender's callbacks that are
 * missing, doubled or out of order; the other readers then only have to be compared with it byte by byte,
 * which proves every event id at every reader at the speed of `memcmp`.
 */
export class Transcript {
  readonly #blocks: Buffer[] = [];
  readonly #ends: number[] = [];
  readonly #sentAt: number[] = [];
  readonly #ids: EventId[] = [];
  readonly #sequences = new Map<string, number>();
  readonly #mustHold: string | undefined;
  readonly #contiguous: boolean;
  #length = 0;

  constructor({ mustHold, contiguous }: Expectations = {}) {
    this.#mustHold = mustHold;
    this.#contiguous = contiguous ?? false;
  }

  /** How many events are written down. */
  get count(): number {
    return this.#ends.length;
  }

  /** How many bytes they have. */
  get length(): number {
    return this.#length;
  }

  start(index: number): number {
    return index === 0 ? 0 : (this.#ends[index - 1] as number);
  }

  end(index: number): number {
    return this.#ends[index] as number;
  }

  /** When the event was sent, in microseconds of the monotonic clock; 0 when it does not say. */
  sentAt(index: number): number {
    return this.#sentAt[index] as number;
  }

  id(index: number): string {
    return String(this.#ids[index]);
  }

  /** Whether `bytes[from, to)` are what the transcript holds from `position` on. */
  matches(position: number, bytes: Buffer, from: number, to: number): boolean {
    let at = position;
    let cursor = from;
    while (cursor < to) {
      const block = this.#blocks[Math.floor(at / BLOCK_BYTES)] as Buffer;
      const offset = at % BLOCK_BYTES;
      const size = Math.min(to - cursor, BLOCK_BYTES - offset);
      if (block.compare(bytes, cursor, cursor + size, offset, offset + size) !== 0) return false;
      at += size;
      cursor += size;
    }
    return true;
  }

  /** A copy of the bytes `[from, to)`. */
  slice(from: number, to: number): Buffer {
    const bytes = Buffer.allocUnsafe(to - from);
    let at = from;
    while (at < to) {
      const offset = at % BLOCK_BYTES;
      const size = Math.min(to - at, BLOCK_BYTES - offset);
      this.#blocks[Math.floor(at / BLOCK_BYTES)]?.copy(bytes, at - from, offset, offset + size);
      at += size;
    }
    return bytes;
  }

  /**
   * Writes down the complete event frames that `bytes` holds from `from` on, up to the first that is not
   * complete or is no event (a comment). Costs little an event: a replay brings hundreds of thousands a second.
   * @returns where it stopped
   * @throws Error when one of them cannot be the next one
   */
  append(bytes: Buffer, from = 0): number {
    let at = from;
    let mark = bytes.indexOf(MARK, at);
    while (hasId(bytes, at)) {
      const end = bytes.indexOf(FRAME_END, at) + FRAME_END.length;
      if (end < FRAME_END.length || isReset(bytes, at, end)) break;
      if (mark !== -1 && mark < at) mark = bytes.indexOf(MARK, at);
      const data = bytes.indexOf(DATA_FIELD, at);
      if (data === -1 || data > end) throw new Error(`An event has no data: ${textOf(bytes, at, end)}`);
      this.#add(bytes, at, end, mark !== -1 && mark < end ? mark : -1);
      at = end;
    }
    const carriageReturn = bytes.subarray(from, at).indexOf(CARRIAGE_RETURN);
    if (carriageReturn !== -1) throw new Error("An event holds a carriage return.");
    this.#store(bytes, from, at);
    return at;
  }

  #add(bytes: Buffer, from: number, end: number, mark: number): void {
    const id = idOf(bytes, from);
    const before = this.#ids.at(-1);
    if (before !== undefined && !rises(before, id)) throw new Error(`Event id ${id} came after ${before}.`);
    if (this.#contiguous && before !== undefined && id !== Number(before) + 1) {
      throw new Error(`Event id ${id} came after ${before}: events are missing.`);
    }
    if (this.#mustHold !== undefined && !textOf(bytes, from, end).includes(this.#mustHold)) {
      throw new Error(`Event ${id} without ${this.#mustHold} came through the filter.`);
    }
    this.#ids.push(id);
    this.#ends.push((this.#ends.at(-1) ?? 0) + end - from);
    this.#sentAt.push(mark === -1 ? 0 : this.#stamped(bytes, mark, id));
  }

  /** Checks the order of a sender's callbacks, and tells when this one was sent. */
  #stamped(bytes: Buffer, mark: number, id: EventId): number {
    const { sender, sequence, sentAt } = readStamp(bytes, mark);
    const previous = this.#sequences.get(sender);
    if (previous !== undefined && sequence !== previous + 1) {
      throw new Error(`Callback ${sequence} of ${sender} came after ${previous} (event ${id}).`);
    }
    this.#sequences.set(sender, sequence);
    return sentAt;
  }

  #store(bytes: Buffer, from: number, to: number): void {
    let cursor = from;
    while (cursor < to) {
      const offset = this.#length % BLOCK_BYTES;
      if (offset === 0) this.#blocks.push(Buffer.allocUnsafe(BLOCK_BYTES));
      const copied = bytes.copy(this.#blocks.at(-1) as Buffer, offset, cursor, to);
      cursor += copied;
      this.#length += copied;
    }
  }
}

/** Whether a frame with an `id` field begins here. */
function hasId(bytes: Buffer, at: number): boolean {
  return bytes[at] === LETTER_I && bytes[at + 1] === LETTER_D && bytes[at + 2] === COLON;
}

/** Whether the frame is a `reset`, which has an id but is no event of the log. */
function isReset(bytes: Buffer, from: number, end: number): boolean {
  const secondLine = bytes.indexOf(LINE_FEED, from) + 1;
  const secondEnd = Math.min(secondLine + RESET_FIELD.length, end);
  return bytes.compare(RESET_FIELD, 0, RESET_FIELD.length, secondLine, secondEnd) === 0;
}

function idOf(bytes: Buffer, at: number): EventId {
  const start = bytes[at + 3] === SPACE ? at + 4 : at + 3;
  let id = 0;
  for (let cursor = start; cursor < bytes.length; cursor++) {
    const byte = bytes[cursor] as number;
    if (byte === LINE_FEED) return id;
    if (byte < DIGIT_ZERO || byte >= COLON) return textOf(bytes, start, bytes.indexOf(LINE_FEED, start));
    id = id * 10 + byte - DIGIT_ZERO;
  }
  return id;
}

function textOf(bytes: Buffer, from: number, to: number): string {
  return bytes.toString("latin1", from, to);
}

function rises(before: EventId, id: EventId): boolean {
  if (typeof before === "number" && typeof id === "number") return id > before;
  const [secondsBefore = 0, countBefore = 0] = String(before).split(":").map(Number);
  const [seconds = 0, count = 0] = String(id).split(":").map(Number);
  return seconds > secondsBefore || (seconds === secondsBefore && count > countBefore);
}
