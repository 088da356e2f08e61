import { pause } from "../abortable.ts";
import type { RelayedLog } from "../store/relayed-log.ts";
import type { Following } from "./following.ts";
import type { NatsConnection } from "./nats-connection.ts";
import { decodeMessage, type RelayMessage } from "./relay-message.ts";

/** A publisher that is not announced for so long is on another database. */
const UNANNOUNCED_MS = 10_000;
/** So many publishers are remembered: one that is gone may have messages under way. */
const REMEMBERED = 8;

export interface LogConsumerOptions {
  log: Pick<RelayedLog, "newest" | "bring" | "readAll">;
  following: Pick<Following, "begin" | "reached" | "leave">;
  stream: string;
  /** Of the seal of messages. */
  key: Uint8Array;
  /** Called with why the stream could not be read; it is tried again. */
  failed: (error: unknown) => void;
  /** Called once for a publisher in the stream that goes on without being announced in the database. */
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
  /** Publishers that were announced in the database, the newest last. */
  #trusted: readonly string[] = [];
  /** The last message of one that was not, and when that one was first met. */
  #strange: { session: string; upTo: number; since: number; isReported: boolean } | null = null;
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
    if (!this.#trusted.includes(session)) return this.#meet(session, upTo);
    await log.bring(rows);
    if (log.newest < upTo) {
      this.gapReads++;
      await log.readAll();
    }
    if (log.newest >= upTo) following.reached(upTo);
  }

  /** This publisher was announced in the database: what it sends is of the log there. */
  trust(session: string): void {
    if (this.#trusted.at(-1) === session) return;
    this.#trusted = [...this.#trusted.filter((one) => one !== session), session].slice(-REMEMBERED);
    const met = this.#strange;
    this.#strange = null;
    const { log, following } = this.#options;
    if (met?.session === session && log.newest >= met.upTo) following.reached(met.upTo);
  }

  /**
   * Passes over what a publisher sent that was not announced in the database: it has just begun, is of an earlier time,
   * before a backup was put back, or publishes the log of a copy of the database, under the same name and the same ids.
   */
  #meet(session: string, upTo: number): void {
    const now = performance.now();
    const isKnown = this.#strange?.session === session;
    const { since, isReported } =
      isKnown && this.#strange ? this.#strange : { since: now, isReported: false };
    const isForeign = now - since > UNANNOUNCED_MS;
    if (isForeign && !isReported) this.#options.foreign();
    this.#strange = { session, upTo, since, isReported: isReported || isForeign };
  }
}
