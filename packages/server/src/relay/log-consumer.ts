import { pause } from "../abortable.ts";
import type { LogRow } from "../store/log-row.ts";
import type { RelayedLog } from "../store/relayed-log.ts";
import type { Following } from "./following.ts";
import type { NatsConnection } from "./nats-connection.ts";
import { decodeMessage, type RelayMessage } from "./relay-message.ts";

export interface LogConsumerOptions {
  log: Pick<RelayedLog, "newest" | "bring" | "readAll" | "rows">;
  following: Pick<Following, "begin" | "reached" | "leave">;
  stream: string;
  /** Of the seal of messages. */
  key: Uint8Array;
  /** Called with why the stream could not be read; it is tried again. */
  failed: (error: unknown) => void;
  /** Called with each publisher in the stream whose rows are not those of the database. */
  foreign: () => void;
  /** After the stream could not be read, until the next try, in milliseconds. */
  againMs: number;
}

/**
 * Takes the log's entries from the stream. What order they have, and that none is missing or comes twice, is not left to
 * NATS: ids decide it, and what does not go on from the newest entry is read from the database.
 */
export class LogConsumer {
  readonly #options: LogConsumerOptions;
  #attempt = new AbortController();
  #pauseMs = 0;
  /** The publisher whose rows were found to be those of the database. */
  #trusted: string | null = null;
  /** The last one whose rows were others. */
  #foreign: string | null = null;
  /** How often something was missing in the stream, or not to be had from it, and was read. */
  gapReads = 0;

  constructor(options: LogConsumerOptions) {
    this.#options = options;
  }

  /** Reads the stream, again and again where that fails, until the signal is aborted. */
  async run(connection: Pick<NatsConnection, "messages">, signal: AbortSignal): Promise<void> {
    const { following, stream, key, failed, againMs } = this.#options;
    while (!signal.aborted) {
      this.#attempt = new AbortController();
      this.#pauseMs = againMs;
      try {
        following.begin();
        const until = AbortSignal.any([signal, this.#attempt.signal]);
        for await (const data of connection.messages(stream, until)) {
          const message = decodeMessage(data, key);
          if (message) await this.#take(message);
        }
      } catch (error) {
        if (!signal.aborted) failed(error);
      }
      if (!signal.aborted) following.leave("the stream cannot be read");
      await pause(this.#pauseMs, signal);
    }
  }

  /** Gives the present consumer up, and begins another one after a pause, in milliseconds. */
  restart(pauseMs: number): void {
    this.#pauseMs = pauseMs;
    this.#attempt.abort();
  }

  async #take({ session, upTo, rows }: RelayMessage): Promise<void> {
    const { log, following } = this.#options;
    if (session !== this.#trusted && !(await this.#isOfThisLog(session, rows))) return;
    await log.bring(rows);
    if (log.newest < upTo) {
      this.gapReads++;
      await log.readAll();
    }
    if (log.newest >= upTo) following.reached(upTo);
  }

  /**
   * Holds the first rows of each publisher against the database. Who runs a copy of a database beside it, or puts an old
   * one back, may find the rows of another log in the stream, under the same name and the same ids.
   */
  async #isOfThisLog(session: string, rows: readonly LogRow[]): Promise<boolean> {
    const [first] = rows;
    if (!first || session === this.#foreign) return false;
    const own = await this.#options.log.rows(first.id - 1, rows.length);
    const frames = new Map(own.map(({ id, frame }) => [id, frame]));
    if (rows.every(({ id, frame }) => frames.get(id) === frame)) {
      this.#trusted = session;
      return true;
    }
    // One that is not there may have been removed since: that says nothing.
    if (rows.some(({ id, frame }) => frames.has(id) && frames.get(id) !== frame)) {
      this.#foreign = session;
      this.#options.foreign();
    }
    return false;
  }
}
