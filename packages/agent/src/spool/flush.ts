import { discardUpload } from "../artifact.ts";
import { CallbackError } from "../errors.ts";
import type { Sender } from "../sender.ts";
import { serverOf } from "../target.ts";
import { Segment } from "./segment.ts";
import type { SegmentEntry } from "./segment-name.ts";
import type { Spool } from "./spool.ts";

/** What became of the callbacks in a spool. */
export interface FlushResult {
  /** Stored by Mission Control, now or (the answer had been lost) before. */
  delivered: number;
  /** Refused for good and given up, each in words. */
  refused: string[];
  /** Still waiting, and why, one sentence a dispatch. */
  waiting: string[];
  /** What could not be read, and where it is kept, in words. */
  broken: string[];
  /** Addresses of servers that answered. */
  answered: Set<string>;
  /** Addresses of servers that cannot take callbacks now, and the error that told. */
  down: Map<string, CallbackError>;
}

/** How a spool is sent. */
export interface FlushOptions {
  sender: Sender;
  /** The shared secret of a shared callback URL, where it is known: it is never written into the spool. */
  sharedSecret?: ((url: string) => string | undefined) | undefined;
  /** Why callbacks for a server are to be left alone, where they are. */
  leave?: ((address: string) => string | undefined) | undefined;
  signal?: AbortSignal | undefined;
}

/** Whether a status says something of the server as it is now rather than of one callback; below 400, another answered. */
function isAway(status: number | undefined): boolean {
  return status === undefined || status < 400 || [429, 502, 503, 504].includes(status);
}

/**
 * Delivers what other runs left in the spool: each dispatch's callbacks in order, with the ids they have always had.
 * What another living process is working on is left to it. A server that is away is tried once, and costs the
 * callbacks for other servers nothing.
 */
export async function flushSpool(spool: Spool, options: FlushOptions): Promise<FlushResult> {
  const flush = new Flush(spool, options);
  const stopped = new Set<string>();
  for (const entry of spool.entries()) {
    if (options.signal?.aborted) break;
    if (stopped.has(entry.key)) continue;
    const reason = await flush.deliver(entry);
    if (reason === undefined) continue;
    // What comes later in this dispatch must not overtake what still waits.
    stopped.add(entry.key);
    flush.result.waiting.push(reason);
  }
  return flush.result;
}

class Flush {
  readonly result: FlushResult = {
    delivered: 0,
    refused: [],
    waiting: [],
    broken: [],
    answered: new Set(),
    down: new Map(),
  };
  readonly #spool: Spool;
  readonly #options: FlushOptions;

  constructor(spool: Spool, options: FlushOptions) {
    this.#spool = spool;
    this.#options = options;
  }

  /** @returns why callbacks still wait, or `undefined` when all are settled */
  async deliver(entry: SegmentEntry): Promise<string | undefined> {
    if (entry.owned) return `A running process is delivering ${entry.path}.`;
    const { segment, broken } = Segment.claim(entry.path);
    if (broken) this.result.broken.push(broken);
    if (!segment) return undefined;
    try {
      return await this.#deliverSegment(segment);
    } finally {
      segment.release();
    }
  }

  async #deliverSegment(segment: Segment): Promise<string | undefined> {
    const { sender, sharedSecret, leave, signal } = this.#options;
    const { header, pending, path } = segment;
    const server = serverOf(header.url);
    const count = `${pending.size} callback(s)`;
    if (this.result.down.has(server)) return `${count} for ${server} wait for the same server.`;
    const left = leave?.(server);
    if (left) return `${count} for ${server} wait: ${left}`;
    const target = this.#spool.target(header, sharedSecret);
    if (!target) {
      return header.sealed === null
        ? `${count} for ${header.url} need the shared secret: set MISSION_CONTROL_CALLBACK_SECRET.`
        : `The secret in ${path} cannot be opened: ${this.#spool.folder}/seal.key is not the key it was sealed with.`;
    }
    for (const message of [...pending.values()]) {
      try {
        await sender.deliver(message, target, signal);
        this.result.delivered++;
      } catch (error) {
        if (!(error instanceof CallbackError)) throw error;
        if (error.code !== "refused") {
          this.#noteState(server, error);
          return error.message;
        }
        this.result.refused.push(error.message);
      }
      this.result.answered.add(server);
      discardUpload(message);
      segment.settle(message.id);
    }
    return undefined;
  }

  #noteState(server: string, error: CallbackError): void {
    if (error.code !== "undeliverable") return;
    if (isAway(error.status)) this.result.down.set(server, error);
    else this.result.answered.add(server);
  }
}
