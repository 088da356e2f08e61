import { LruMap } from "toad-cache";
import type { Attempt } from "../../tasks/task.ts";
import { byUrgency } from "../draft.ts";

/** So many of a queue's first are read at a time. */
const READ_AHEAD = 16;
/** Of so many agents they are remembered. */
const REMEMBERED = 4096;

/** The first of an agent's queue, in order. */
interface Head {
  ids: string[];
  /** Nothing that waits and is not in the head comes before this one; null in an empty queue. */
  last: Attempt | null;
  /** Whether the head is all of the queue. */
  isWhole: boolean;
}

/**
 * The first attempts of each agent's queue, read many at a time: the first one is asked for with every slot that
 * becomes free.
 */
export class QueueHeads {
  readonly #read: (agentId: string, limit: number) => Attempt[];
  readonly #heads = new LruMap<Head>(REMEMBERED);

  /** @param read reads the first of a queue */
  constructor(read: (agentId: string, limit: number) => Attempt[]) {
    this.#read = read;
  }

  /** Ids of the first of an agent's queue. */
  first(agentId: string, limit: number): string[] {
    const known = this.#heads.get(agentId);
    if (known && (known.isWhole || known.ids.length >= limit)) return known.ids.slice(0, limit);
    const attempts = this.#read(agentId, Math.max(limit, READ_AHEAD));
    const head = attempts.slice(0, READ_AHEAD);
    this.#heads.set(agentId, {
      ids: head.map(({ id }) => id),
      last: head.at(-1) ?? null,
      isWhole: attempts.length < READ_AHEAD,
    });
    return attempts.slice(0, limit).map(({ id }) => id);
  }

  /** Takes note that an attempt was written that was in its agent's queue before, or is from now on. */
  written(attempt: Attempt): void {
    const { id, agentId, state } = attempt;
    const head = this.#heads.get(agentId);
    if (!head) return;
    const place = head.ids.indexOf(id);
    if (place >= 0) head.ids.splice(place, 1);
    if (state !== "queued") return;
    const isBehind = head.last === null || byUrgency(head.last, attempt) < 0;
    if (isBehind && !head.isWhole) return;
    // What comes in between is read again, and so is a queue that its head would be all of no longer.
    if (!isBehind || head.ids.length === READ_AHEAD) return void this.#heads.delete(agentId);
    head.ids.push(id);
    head.last = attempt;
  }

  forget(): void {
    this.#heads.clear();
  }
}
