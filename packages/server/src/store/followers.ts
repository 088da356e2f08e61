import type { Logger } from "../logger.ts";
import type { Follower, Following, LogEntry } from "./store.ts";

/** What an engine reads in one step takes about so many bytes, or one entry: each may be as large as a callback. */
export const STEP_BYTES = 4 * 1024 * 1024;
/** Entries that one step of catching up reads, at most. */
const STEP_ENTRIES = 500;
/** Those who follow in batches are given one after so many milliseconds, or so many entries. */
const BATCH_MS = 20;
const BATCH_ENTRIES = 512;

type Listener = (entries: readonly LogEntry[]) => void;

interface Reader {
  listener: Listener;
  /** Id up to which it was given everything. */
  position: number;
  /** Whether it is reading what it is behind. */
  isReading: boolean;
  isUrgent: boolean;
  isClosed: boolean;
}

export interface FollowersOptions {
  /** Reads entries after a position, oldest first, of what is committed: fewer than `limit` where they are large ({@link STEP_BYTES}). */
  read: (after: number, limit: number) => Promise<readonly LogEntry[]>;
  /** Id of the newest entry that was announced, or was there at the start. */
  newest: number;
  /** Logs listeners that throw; without one, such an error ends the process. */
  logger?: Pick<Logger, "error"> | undefined;
  /** Called when it has become urgent for somebody that entries are announced. */
  becameUrgent?: () => void;
}

/**
 * Gives everyone who follows the log each entry once, in order: from what was just committed to those who have all
 * before it, from the log itself to those who do not.
 */
export class Followers {
  readonly #options: FollowersOptions;
  readonly #readers = new Set<Reader>();
  readonly #batchReaders = new Set<Reader>();
  /** How many of them somebody waits at. */
  #urgent = 0;
  /** What was announced since the last batch. */
  #batch: LogEntry[] = [];
  #batchTimer: NodeJS.Timeout | null = null;
  #newest: number;

  constructor(options: FollowersOptions) {
    this.#options = options;
    this.#newest = options.newest;
  }

  /** @see Store.follow */
  add(after: number, listener: Listener, { inBatches = false }: Following = {}): Follower {
    const reader: Reader = {
      listener,
      position: after,
      isReading: false,
      isUrgent: false,
      isClosed: false,
    };
    const readers = inBatches ? this.#batchReaders : this.#readers;
    readers.add(reader);
    if (after < this.#newest) void this.#catchUp(reader);
    return {
      setUrgent: (isUrgent) => this.#setUrgent(reader, isUrgent),
      close: () => {
        reader.isClosed = true;
        readers.delete(reader);
        this.#setUrgent(reader, false);
      },
    };
  }

  /** Whether somebody waits for entries to be announced. */
  get isUrgent(): boolean {
    return this.#urgent > 0;
  }

  #setUrgent(reader: Reader, isUrgent: boolean): void {
    if (reader.isUrgent === isUrgent) return;
    reader.isUrgent = isUrgent;
    this.#urgent += isUrgent ? 1 : -1;
    if (isUrgent) this.#options.becameUrgent?.();
  }

  /** Takes entries that are durable; they follow those announced before without a gap. */
  announce(entries: readonly LogEntry[]): void {
    const first = entries[0];
    const last = entries.at(-1);
    if (!first || !last) return;
    this.#newest = last.id;
    for (const reader of this.#readers) this.#offer(reader, entries, first.id, last.id);
    if (this.#batchReaders.size > 0) this.#gather(entries);
  }

  #gather(entries: readonly LogEntry[]): void {
    for (const entry of entries) this.#batch.push(entry);
    if (this.#batch.length >= BATCH_ENTRIES) this.#giveBatch();
    else this.#batchTimer ??= setTimeout(() => this.#giveBatch(), BATCH_MS);
  }

  #giveBatch(): void {
    if (this.#batchTimer) clearTimeout(this.#batchTimer);
    this.#batchTimer = null;
    const entries = this.#batch;
    this.#batch = [];
    const first = entries[0]?.id ?? 0;
    const last = entries.at(-1)?.id ?? 0;
    for (const reader of this.#batchReaders) this.#offer(reader, entries, first, last);
  }

  /** Gives a reader what goes on from its position; where something is between them, all of it is read. */
  #offer(reader: Reader, entries: readonly LogEntry[], firstId: number, lastId: number): void {
    if (reader.isReading) return;
    if (reader.position === firstId - 1) this.#give(reader, entries, lastId);
    else if (reader.position < lastId) void this.#catchUp(reader);
  }

  async #catchUp(reader: Reader): Promise<void> {
    reader.isReading = true;
    try {
      while (!reader.isClosed && reader.position < this.#newest) {
        const entries = await this.#options.read(reader.position, STEP_ENTRIES);
        const last = entries.at(-1);
        if (!last) break;
        if (!reader.isClosed) this.#give(reader, entries, last.id);
      }
    } catch (error) {
      this.#fault(error, "the log could not be read for a part of the server");
    } finally {
      reader.isReading = false;
    }
  }

  /** What is durable stays so, and is given to the others, whatever one listener makes of it. */
  #give(reader: Reader, entries: readonly LogEntry[], lastId: number): void {
    reader.position = lastId;
    try {
      reader.listener(entries);
    } catch (error) {
      this.#fault(error, "a commit could not be followed by a part of the server");
    }
  }

  #fault(error: unknown, message: string): void {
    if (!this.#options.logger) throw error;
    this.#options.logger.error({ err: error }, message);
  }
}
