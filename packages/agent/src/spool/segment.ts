import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Message } from "../callback.ts";
import { isAlive, ownerMark } from "./owner.ts";

/** First line of a segment: whose callbacks these are and how to sign them. */
export interface SegmentHeader {
  v: 1;
  url: string;
  /** The dispatch's secret, sealed; `null` where the shared secret signs, which is never written down. */
  sealed: string | null;
}

/** A segment beyond this size is written anew with only what still waits. */
const COMPACT_BYTES = 1024 * 1024;
const FREE = "free";
const DRAFT_SUFFIX = "~";

/**
 * One append-only file of callbacks of one dispatch, written by one process. Its name tells, in this order, when it
 * began, its dispatch and its owner: `<time>-<key>.<owner>`. Taking over is a rename, which only one can win.
 */
export class Segment {
  readonly header: SegmentHeader;
  /** What is not settled yet, oldest first. */
  readonly pending: Map<string, Message>;
  #path: string;
  #descriptor: number | undefined;
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

  /** Begins a file. `name` is what {@link segmentName} made. */
  static create(folder: string, name: string, header: SegmentHeader): Segment {
    const path = join(folder, `${name}.${ownerMark()}`);
    const segment = new Segment(path, openSync(path, "ax", 0o600), header, new Map(), 0);
    segment.#write(line(header));
    return segment;
  }

  /**
   * Takes over a file whose owner let it go or died.
   * @returns `null` when another process was quicker, or nothing is left in it
   */
  static claim(path: string): Segment | null {
    const { name } = parsePath(path);
    const own = join(dirname(path), `${name}.${ownerMark()}`);
    try {
      renameSync(path, own);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
    const text = readFileSync(own, "utf8");
    const { header, pending } = parse(text);
    if (!header || pending.size === 0) {
      unlinkSync(own);
      return null;
    }
    const segment = new Segment(own, openSync(own, "a"), header, pending, Buffer.byteLength(text));
    // A crash may have torn the last line; what follows must not run into it.
    if (!text.endsWith("\n")) segment.#write("\n");
    return segment;
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
   */
  append(message: Message): void {
    this.#write(line(message));
    if (message.type !== "progress" && this.#descriptor !== undefined) fsyncSync(this.#descriptor);
    this.pending.set(message.id, message);
    if (this.#size > COMPACT_BYTES) this.#compact();
  }

  /** Marks a callback as done with. The file goes away with its last one. */
  settle(id: string): void {
    if (!this.pending.delete(id) || this.#descriptor === undefined) return;
    if (this.pending.size > 0) {
      this.#write(line({ settled: id }));
      return;
    }
    this.#close();
    remove(this.#path);
  }

  /** Lets the file go: whoever comes next may deliver it. */
  release(): void {
    if (this.#descriptor === undefined) return;
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

  #compact(): void {
    const text = [line(this.header), ...[...this.pending.values()].map(line)].join("");
    if (Buffer.byteLength(text) > this.#size / 2) return;
    const draft = this.#path + DRAFT_SUFFIX;
    const descriptor = openSync(draft, "ax", 0o600);
    writeAll(descriptor, text);
    fsyncSync(descriptor);
    renameSync(draft, this.#path);
    this.#close();
    this.#descriptor = descriptor;
    this.#size = Buffer.byteLength(text);
  }

  #write(text: string): void {
    if (this.#descriptor === undefined) return;
    this.#size += writeAll(this.#descriptor, text);
  }

  #close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/** Names a segment so that sorting names sorts by age. */
export function segmentName(now: number, key: string, distinguisher: string): string {
  return `${now.toString(36).padStart(9, "0")}-${key}-${distinguisher}`;
}

/** A segment as its file name tells it. */
export interface SegmentEntry {
  path: string;
  name: string;
  key: string;
  /** Another process, or this one, is at work on it. */
  readonly owned: boolean;
}

/** Reads a file name; `undefined` for files that are no segments. */
export function parseEntry(path: string): SegmentEntry | undefined {
  const { name, owner } = parsePath(path);
  const key = /^[0-9a-z]{9}-([0-9a-f]+)-[0-9a-z]+$/.exec(name)?.[1];
  if (!key || owner.endsWith(DRAFT_SUFFIX)) return undefined;
  return {
    path,
    name,
    key,
    // Asked of the system only for those that matter.
    get owned() {
      return owner !== FREE && isAlive(owner);
    },
  };
}

/** Whether a file is what a crash left of writing a segment anew. */
export function isAbandonedDraft(path: string): boolean {
  return path.endsWith(DRAFT_SUFFIX) && !isAlive(parsePath(path).owner.slice(0, -DRAFT_SUFFIX.length));
}

function parsePath(path: string): { name: string; owner: string } {
  const file = basename(path);
  const dot = file.indexOf(".");
  return { name: file.slice(0, dot), owner: file.slice(dot + 1) };
}

function parse(text: string): { header: SegmentHeader | undefined; pending: Map<string, Message> } {
  const [first, ...rest] = text.split("\n");
  const pending = new Map<string, Message>();
  for (const entry of rest) {
    const record = parseLine<Message & { settled?: string }>(entry);
    if (record?.settled) pending.delete(record.settled);
    else if (record?.id && record.type && record.body) pending.set(record.id, record);
  }
  const header = parseLine<SegmentHeader>(first ?? "");
  return { header: header?.v === 1 ? header : undefined, pending };
}

/** Lines are written by this class alone; the only broken one is what a crash tore. */
function parseLine<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
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
