import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Message } from "../callback.ts";
import { ownerMark } from "./owner.ts";
import { decodeSegment, encodeLine, type SegmentHeader } from "./record.ts";
import { brokenName, draftOf, FREE, parsePath } from "./segment-name.ts";

/** A segment beyond this size is written again with only what still waits. */
const COMPACT_BYTES = 1024 * 1024;

/** What taking over a file came to. */
export interface Claim {
  /** `undefined` when another process was quicker, or nothing that can be delivered is left in it. */
  segment?: Segment | undefined;
  /** What cannot be read, and where it is kept: a sentence. */
  broken?: string | undefined;
}

/**
 * One append-only file of callbacks of one dispatch, written by one process. Taking over is a rename, which only one
 * can win. What {@link append} returned from is in the file whole, and nothing ever follows half a line.
 */
export class Segment {
  readonly header: SegmentHeader;
  /** What is not settled yet, oldest first. */
  readonly pending: Map<string, Message>;
  #path: string;
  #descriptor: number | undefined;
  /** Of the lines that are whole, in bytes. */
  #size: number;

  private constructor(
    path: string,
    descriptor: number,
    header: SegmentHeader,
    pending: Map<string, Message>,
    size: number,
  ) {
    this.#path = path;
    this.#descriptor = descriptor;
    this.header = header;
    this.pending = pending;
    this.#size = size;
  }

  /** Begins a file. `name` is what `segmentName` made. */
  static create(folder: string, name: string, header: SegmentHeader): Segment {
    const path = join(folder, `${name}.${ownerMark()}`);
    const segment = new Segment(path, openSync(path, "ax", 0o600), header, new Map(), 0);
    try {
      segment.#write(encodeLine(header));
    } catch (error) {
      segment.#discard();
      throw error;
    }
    return segment;
  }

  /** Takes over a file whose owner let it go or died. What cannot be read of it is set aside, never thrown away. */
  static claim(path: string): Claim {
    const { name } = parsePath(path);
    const own = join(dirname(path), `${name}.${ownerMark()}`);
    try {
      renameSync(path, own);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
      throw error;
    }
    try {
      return Segment.#open(own, name);
    } catch (error) {
      renameSync(own, join(dirname(path), `${name}.${FREE}`));
      throw error;
    }
  }

  static #open(path: string, name: string): Claim {
    const bytes = readFileSync(path);
    const text = bytes.toString("utf8");
    const { header, pending, damage } = bytes.length > 0 ? decodeSegment(text) : NOTHING;
    const keep = () => damage && `The spool file ${path} ${damage}; it is kept as ${setAside(path, name)}.`;
    if (!header || pending.size === 0) {
      const broken = keep();
      unlinkSync(path);
      return { broken };
    }
    const segment = new Segment(path, openSync(path, "a"), header, pending, bytes.length);
    let broken: string | undefined;
    try {
      if (damage) {
        segment.#rewrite(() => {
          broken = keep();
        });
      } else if (!text.endsWith("\n")) segment.#write("\n");
    } catch (error) {
      segment.#close();
      throw error;
    }
    return { segment, broken };
  }

  get path(): string {
    return this.#path;
  }

  /** Whether this file can still be written: not let go, and not taken over and emptied by another process. */
  get isOpen(): boolean {
    return this.#descriptor !== undefined && fstatSync(this.#descriptor).nlink > 0;
  }

  /**
   * Writes a callback down. On return it survives this process; all but progress also survive the machine.
   * @throws when it could not be written; the file is then as it was
   */
  append(message: Message): void {
    this.#write(encodeLine(message), message.type !== "progress");
    this.pending.set(message.id, message);
    if (this.#size > COMPACT_BYTES) this.#compact();
  }

  /** Marks a callback as done with. The file goes away with its last one. */
  settle(id: string): void {
    if (!this.pending.delete(id) || this.#descriptor === undefined) return;
    if (this.pending.size > 0) this.#write(encodeLine({ settled: id }));
    else this.#discard();
  }

  /** Lets the file go: whoever comes next may deliver what is left in it. */
  release(): void {
    if (this.#descriptor === undefined) return;
    if (this.pending.size === 0) {
      this.#discard();
      return;
    }
    this.#close();
    const { name } = parsePath(this.#path);
    const free = join(dirname(this.#path), `${name}.${FREE}`);
    try {
      renameSync(this.#path, free);
      this.#path = free;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }

  /** Saves space where there is much to save. Where that fails, on a full disk, nothing is lost by going on. */
  #compact(): void {
    let size = Buffer.byteLength(encodeLine(this.header));
    for (const message of this.pending.values()) size += Buffer.byteLength(encodeLine(message));
    if (size > this.#size / 2) return;
    try {
      this.#rewrite();
    } catch {
      // The file is as it was.
    }
  }

  /** Puts a file with only what waits in place of this one; `before` may still keep that. */
  #rewrite(before = () => {}): void {
    const text = [encodeLine(this.header), ...[...this.pending.values()].map(encodeLine)].join("");
    const draft = draftOf(this.#path);
    const descriptor = openSync(draft, "ax", 0o600);
    try {
      writeAll(descriptor, text);
      fsyncSync(descriptor);
      before();
      renameSync(draft, this.#path);
    } catch (error) {
      closeSync(descriptor);
      remove(draft);
      throw error;
    }
    this.#close();
    this.#descriptor = descriptor;
    this.#size = Buffer.byteLength(text);
  }

  /** Appends `text`, wholly or not at all: what a full disk took half of is cut off again. */
  #write(text: string, sync = false): void {
    if (this.#descriptor === undefined) return;
    try {
      const size = this.#size + writeAll(this.#descriptor, text);
      if (sync) fsyncSync(this.#descriptor);
      this.#size = size;
    } catch (error) {
      try {
        ftruncateSync(this.#descriptor, this.#size);
      } catch {
        this.#close(); // Nothing may follow half a line.
      }
      throw error;
    }
  }

  #discard(): void {
    this.#close();
    remove(this.#path);
  }

  #close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/** An empty file: its beginner was stopped before the first line. */
const NOTHING = { header: undefined, pending: new Map<string, Message>(), damage: undefined };

/** Gives a damaged file a second name, by which it stays. A link needs no room, even on a full disk. */
function setAside(path: string, name: string): string {
  for (let n = 1; ; n++) {
    const broken = join(dirname(path), brokenName(name, n));
    try {
      linkSync(path, broken);
      return broken;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

function writeAll(descriptor: number, text: string): number {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
  return bytes.length;
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
