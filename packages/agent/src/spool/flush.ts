import { CallbackError } from "../errors.ts";
import type { Sender } from "../sender.ts";
import { Segment, type SegmentEntry } from "./segment.ts";
import type { Spool } from "./spool.ts";

/** What became of the callbacks in a spool. */
export interface FlushResult {
  /** Stored by Mission Control, now or (the answer had been lost) before. */
  delivered: number;
  /** Refused for good and given up, each in words. */
  refused: string[];
  /** Still waiting, and why, one sentence a dispatch. */
  waiting: string[];
}

export interface FlushOptions {
  sender: Sender;
  /** The shared secret of a shared callback URL, where it is known: it is never written into the spool. */
  sharedSecret?: ((url: string) => string | undefined) | undefined;
  /** Leave this dispatch alone. */
  except?: string;
  /** Stop at the first sign that the server is down. */
  stopWhenDown?: boolean;
  signal?: AbortSignal | undefined;
}

/**
 * Delivers what other runs left in the spool: each dispatch's callbacks in order, with the ids they have always had.
 * What another living process is working on is left to it.
 */
export async function flushSpool(spool: Spool, options: FlushOptions): Promise<FlushResult> {
  const result: FlushResult = { delivered: 0, refused: [], waiting: [] };
  const stopped = new Set<string>();
  for (const entry of spool.entries()) {
    if (options.signal?.aborted) break;
    if (entry.key === options.except || stopped.has(entry.key)) continue;
    const reason = await flushEntry(spool, entry, options, result);
    if (reason === undefined) continue;
    // What comes later in this dispatch must not overtake what still waits.
    stopped.add(entry.key);
    result.waiting.push(reason);
    if (options.stopWhenDown && !entry.owned) break;
  }
  return result;
}

/** @returns why callbacks still wait, or `undefined` when all are settled */
async function flushEntry(
  spool: Spool,
  entry: SegmentEntry,
  { sender, sharedSecret, signal }: FlushOptions,
  result: FlushResult,
): Promise<string | undefined> {
  if (entry.owned) return `A running process is delivering ${entry.path}.`;
  const segment = Segment.claim(entry.path);
  if (!segment) return undefined;
  try {
    const target = spool.target(segment.header, sharedSecret);
    if (!target) {
      return segment.header.sealed === null
        ? `${segment.pending.size} callback(s) for ${segment.header.url} need the shared secret: set MISSION_CONTROL_CALLBACK_SECRET.`
        : `The secret in ${entry.path} cannot be opened: ${spool.folder}/seal.key is not the key it was sealed with.`;
    }
    for (const message of [...segment.pending.values()]) {
      try {
        await sender.deliver(message, target, signal);
        result.delivered++;
      } catch (error) {
        if (!(error instanceof CallbackError)) throw error;
        if (error.code !== "refused") return error.message;
        result.refused.push(error.message);
      }
      segment.settle(message.id);
    }
    return undefined;
  } finally {
    segment.release();
  }
}
