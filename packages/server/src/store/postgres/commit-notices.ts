import type { LogEntry } from "../store.ts";
import { LOG_CHANNEL } from "./channels.ts";
import type { Database } from "./database.ts";
import { moveHead } from "./log-head.ts";
import { prepared, type Statement } from "./statement.ts";

/** Commits are a burst where on average less than this passes for each of their events, in milliseconds. */
const BURST_MS = 5;
/** A longer pause counts as one of so long: after it, some commits have to follow each other fast until it is a burst. */
const PAUSE_MS = 40;
/** Between two notices of a burst. */
const NOTICE_MS = 25;
/** So long after the last commit, a burst is over. */
const OVER_MS = 35;

/** What a notice begins with, before the position; with each of them, it is the same number. */
const BEGINNING = {
  /** Somebody may have to act on what it announces. */
  urgent: "",
  /** Nobody has. */
  other: "0",
  /** Nobody has, and more follows, which will not be announced each time. */
  moreFollows: "+",
};

const announceHead = prepared(
  "announce_head",
  "SELECT pg_notify($1, $2 || newest || ' ' || current_schema()) FROM log_head",
);

/** What a node tells the others of its commits. */
export interface LogNotice {
  /** Id of its newest event. */
  newest: number;
  /** Whether somebody may have to act on what was committed. */
  isUrgent: boolean;
  /** Whether commits follow that are not announced, for some 25 ms. */
  moreFollows: boolean;
}

/** @param text what came with NOTIFY */
export function readNotice(text: string): LogNotice {
  const moreFollows = text.startsWith(BEGINNING.moreFollows);
  return { newest: Number(text), isUrgent: !moreFollows && !text.startsWith(BEGINNING.other), moreFollows };
}

/**
 * Has NOTIFY tell the other nodes of this one's commits: of each, but in a burst, where it would cost them and the database
 * as much as the callbacks do. There, one in 25 ms says that more follows, and a last one where it ended. Whatever others may
 * have to act on, because it changes more than the log, is announced at once all the same.
 */
export class CommitNotices {
  readonly #database: Pick<Database, "read">;
  #commitAt = Number.NEGATIVE_INFINITY;
  /** What passes for each event on average, those of the last commits counting most. */
  #eventMs = PAUSE_MS;
  #noticeAt = Number.NEGATIVE_INFINITY;
  #landedAt = Number.NEGATIVE_INFINITY;
  /** Runs until the burst is over. */
  #ending: NodeJS.Timeout | undefined;

  constructor(database: Pick<Database, "read">) {
    this.#database = database;
  }

  /** The last statement of what a commit writes, which moves the log's head; none where it has no events. */
  inCommit(events: readonly Pick<LogEntry, "change">[]): Statement[] {
    return events.length > 0 ? [moveHead(events.length, LOG_CHANNEL, this.#noticeOf(events))] : [];
  }

  /** A commit is durable. */
  committed(): void {
    if (!this.#isBurst) return;
    this.#landedAt = performance.now();
    this.#ending ??= setTimeout(() => this.#endBurst(), OVER_MS);
  }

  close(): void {
    clearTimeout(this.#ending);
  }

  /** What the notice of a commit begins with; null where it is to give none. */
  #noticeOf(events: readonly Pick<LogEntry, "change">[]): string | null {
    const now = performance.now();
    const eventMs = Math.min(now - this.#commitAt, PAUSE_MS) / events.length;
    this.#eventMs += (eventMs - this.#eventMs) / 4;
    this.#commitAt = now;
    if (events.some(({ change }) => change)) return BEGINNING.urgent;
    if (!this.#isBurst) return BEGINNING.other;
    if (now < this.#noticeAt + NOTICE_MS) return null;
    this.#noticeAt = now;
    return BEGINNING.moreFollows;
  }

  get #isBurst(): boolean {
    return this.#eventMs < BURST_MS;
  }

  #endBurst(): void {
    const left = this.#landedAt + OVER_MS - performance.now();
    this.#ending = left > 0 ? setTimeout(() => this.#endBurst(), left) : undefined;
    // Where that fails, the others look by themselves before long.
    if (!this.#ending) this.#database.read(announceHead(LOG_CHANNEL, BEGINNING.other)).catch(() => {});
  }
}
