import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "../../logger.ts";
import { Followers } from "../followers.ts";
import { isLostPosition } from "../log-gaps.ts";
import type { LogRow } from "../log-row.ts";
import type { EntrySource, RelayedLog } from "../relayed-log.ts";
import type { Follower, Following, LogEntry } from "../store.ts";
import type { LogNotice } from "./commit-notices.ts";
import { type EventLog, STEP_ENTRIES } from "./event-log.ts";
import { TailPace } from "./tail-pace.ts";

/** So many of this node's own entries are kept while those before them are read; the others are read, too. */
const MOST_AHEAD = 4096;
/** Between two tries to read for one who follows from far behind. */
const AGAIN_MS = 250;
/**
 * So long after another node's notice that more follows, the log is looked at where somebody waits, in milliseconds: past
 * the next notice of that node (commit-notices.ts).
 */
const WATCH_MS = 50;

/** The log's end as this node follows it: each entry read once for all who follow here, whoever committed it. */
export class LogTail implements RelayedLog {
  readonly #log: EventLog;
  readonly #followers: Followers;
  readonly #failed: (error: unknown) => void;
  readonly #putBack: () => void;
  readonly #stop = new AbortController();
  /** Id of the newest entry that was announced. */
  #newest: number;
  /** What this node committed, oldest first, behind others' entries that are not read yet. */
  #ahead: LogEntry[] = [];
  #source: EntrySource | null = null;
  /** Id of the newest entry that is known to be there. */
  #known = 0;
  /** Whether it is to be looked what there is. */
  #isAsked = false;
  /** Until when there may be more, by `performance.now()`, of nodes that do not announce each commit. */
  #watchUntil = Number.NEGATIVE_INFINITY;
  /** Id of the newest entry that somebody here has to act on. */
  #urgent = 0;
  readonly #pace = new TailPace(() => this.#isUrgent);
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
      becameUrgent: () => this.#readOn(),
    });
  }

  /** @see Store.follow */
  follow(after: number, listener: (entries: readonly LogEntry[]) => void, how?: Following): Follower {
    return this.#followers.add(after, listener, how);
  }

  /** This node committed these. They are not read: they follow those that stand before them. */
  committed(entries: readonly LogEntry[]): void {
    // Those that were read before the commit was answered are known.
    const fresh = entries.filter(({ id }) => id > this.#newest);
    const first = fresh[0];
    if (!first) return;
    if (first.id === this.#newest + 1) this.#announce(fresh);
    else {
      if (this.#ahead.length < MOST_AHEAD) this.#ahead.push(...fresh);
      if (this.#source?.brings(first.id - 1)) return;
      this.#learnt(
        first.id - 1,
        fresh.some(({ change }) => change),
      );
    }
  }

  /** Another node gave notice of a commit. */
  announced({ newest, isUrgent, moreFollows }: LogNotice): void {
    if (this.#source?.brings(newest)) return;
    if (moreFollows) this.#watchUntil = performance.now() + WATCH_MS;
    this.#learnt(newest, isUrgent);
  }

  /** There may be entries that were not announced. */
  wake(): void {
    this.#isAsked = true;
    this.#readOn();
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
    this.#pace.close();
    await this.#reading;
  }

  /** There are entries up to this one to be read: as soon as it can be done, where somebody may have to act on them. */
  #learnt(upTo: number, isUrgent: boolean): void {
    this.#known = Math.max(this.#known, upTo);
    if (isUrgent) this.#urgent = Math.max(this.#urgent, upTo);
    this.#readOn();
  }

  /** Reads what there is to read, and as soon as it is urgent now. */
  #readOn(): void {
    if (!this.#hasToRead) return;
    if (this.#reading) this.#pace.hasten();
    else this.#reading = this.#read();
  }

  get #hasToRead(): boolean {
    if (this.#stop.signal.aborted) return false;
    if (this.#isAsked || this.#newest < this.#known) return true;
    return this.#followers.isUrgent && performance.now() < this.#watchUntil;
  }

  get #isUrgent(): boolean {
    return this.#isAsked || this.#newest < this.#urgent || this.#followers.isUrgent;
  }

  async #read(): Promise<void> {
    this.#pace.begin();
    try {
      while (this.#hasToRead) {
        await this.#pace.due();
        // Meanwhile, it may have been closed, or what there was to read may have come another way.
        if (!this.#hasToRead) break;
        const begun = performance.now();
        this.#isAsked = false;
        const position = this.#newest;
        const known = this.#known;
        const missing = (this.#ahead[0]?.id ?? Number.POSITIVE_INFINITY) - 1 - position;
        const { entries, range } = await this.#log.step(position, missing);
        // Behind a whole step comes the next one at once.
        if (entries.length < STEP_ENTRIES) this.#pace.stepped(begun);
        if (range.newest < position || isLostPosition(position, range.gaps ?? [])) {
          this.#stop.abort();
          this.#putBack();
          return;
        }
        // What this node committed meanwhile was announced already.
        this.#announce(entries.filter(({ id }) => id > this.#newest));
        if (entries.length > 0) this.#known = Math.max(this.#known, range.newest);
        // What is known of and cannot be read is there no more.
        else if (this.#known === known) this.#known = this.#urgent = 0;
      }
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#reading = null;
    }
  }

  /** Gives entries that go on from the newest one, and those of this node that go on from them. */
  #announce(entries: readonly LogEntry[]): void {
    if (this.#stop.signal.aborted) return;
    this.#newest = entries.at(-1)?.id ?? this.#newest;
    this.#followers.announce(entries);
    if (this.#ahead.length === 0) return;
    const ahead = this.#ahead.filter(({ id }) => id > this.#newest);
    const end = ahead.findIndex(({ id }, index) => id !== this.#newest + 1 + index);
    const next = ahead.splice(0, end === -1 ? ahead.length : end);
    this.#ahead = ahead;
    if (next.length > 0) this.#announce(next);
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
