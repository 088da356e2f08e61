import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "../../logger.ts";
import { Followers } from "../followers.ts";
import { isLostPosition } from "../log-gaps.ts";
import type { LogRow } from "../log-row.ts";
import type { EntrySource, RelayedLog } from "../relayed-log.ts";
import type { Follower, LogEntry } from "../store.ts";
import type { EventLog } from "./event-log.ts";

/** Entries that one step of the tail reads, at most. */
const STEP_ENTRIES = 1000;
/** Between two tries to read for one who follows from far behind. */
const AGAIN_MS = 250;

/** The log's end as this node follows it: each entry read once for all who follow here, whoever committed it. */
export class LogTail implements RelayedLog {
  readonly #log: EventLog;
  readonly #followers: Followers;
  readonly #failed: (error: unknown) => void;
  readonly #putBack: () => void;
  readonly #stop = new AbortController();
  /** Id of the newest entry that was announced. */
  #newest: number;
  #source: EntrySource | null = null;
  #isBehind = false;
  #reading: Promise<void> | null = null;

  /**
   * @param newest id of the newest entry there is
   * @param failed called when the log cannot be read now; it is tried again
   * @param putBack called once, when the log turns out to have lost entries that were announced here. Nothing is announced
   *   after that: it would follow on what is no more
   */
  constructor(options: {
    log: EventLog;
    newest: number;
    logger: Pick<Logger, "error"> | undefined;
    failed: (error: unknown) => void;
    putBack: () => void;
  }) {
    const { log, newest, logger, failed, putBack } = options;
    this.#log = log;
    this.#newest = newest;
    this.#failed = failed;
    this.#putBack = putBack;
    this.#followers = new Followers({
      read: (after, limit) => this.#readUntilDone(after, limit),
      newest,
      logger,
    });
  }

  /** @see Store.follow */
  follow(after: number, listener: (entries: readonly LogEntry[]) => void): Follower {
    return this.#followers.add(after, listener);
  }

  /** This node committed these: where nothing of another node stands before them, they need not be read. */
  committed(entries: readonly LogEntry[]): void {
    const first = entries[0];
    if (!first) return;
    if (first.id === this.#newest + 1) this.#announce(entries);
    else this.announced(entries.at(-1)?.id ?? first.id);
  }

  /** There are entries up to this one. */
  announced(upTo: number): void {
    if (upTo > this.#newest && !this.#source?.brings(upTo)) this.wake();
  }

  /** There may be entries that were not announced. */
  wake(): void {
    this.#isBehind = true;
    this.#reading ??= this.#read();
  }

  get newest(): number {
    return this.#newest;
  }

  broughtBy(source: EntrySource | null): void {
    this.#source = source;
  }

  async bring(rows: readonly LogRow[]): Promise<void> {
    const fresh = rows.filter(({ id }) => id > this.#newest);
    const before = this.#newest;
    if (!fresh.every(({ id }, index) => id === before + 1 + index)) return;
    const entries = await this.#log.entriesOf(fresh);
    // Meanwhile, some of them may have come another way.
    this.#announce(entries.filter(({ id }) => id > this.#newest));
  }

  async readAll(): Promise<void> {
    this.wake();
    await this.#reading;
  }

  rows(after: number, limit: number): Promise<readonly LogRow[]> {
    return this.#log.rows(after, limit);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#reading;
  }

  async #read(): Promise<void> {
    try {
      while (this.#isBehind && !this.#stop.signal.aborted) {
        this.#isBehind = false;
        const position = this.#newest;
        const { entries, range } = await this.#log.step(position, STEP_ENTRIES);
        if (range.newest < position || isLostPosition(position, range.gaps ?? [])) {
          this.#stop.abort();
          this.#putBack();
          return;
        }
        if ((entries.at(-1)?.id ?? position) < range.newest) this.#isBehind = entries.length > 0;
        // What this node committed meanwhile was announced already.
        this.#announce(entries.filter(({ id }) => id > this.#newest));
      }
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#reading = null;
    }
  }

  #announce(entries: readonly LogEntry[]): void {
    if (this.#stop.signal.aborted) return;
    this.#newest = entries.at(-1)?.id ?? this.#newest;
    this.#followers.announce(entries);
  }

  /** Nobody else would ask again for a follower that is behind. */
  async #readUntilDone(after: number, limit: number): Promise<readonly LogEntry[]> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        return (await this.#log.step(after, limit)).entries;
      } catch (error) {
        this.#failed(error);
        await wait(AGAIN_MS, undefined, { signal }).catch(() => {});
      }
    }
    return [];
  }
}
