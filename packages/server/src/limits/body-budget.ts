import type { AddressLimit } from "./address-limit.ts";

const SWEEP_MS = 1000;

/** Why a body has to give way: memory is needed for others, or it comes too slowly. */
export type GivesWay = "over_limit" | "too_slow";

export interface BodyBudgetOptions {
  /** What all bodies under way may hold together, in bytes. */
  maxBytes: number;
  /** What those of one address may hold of it. */
  perAddress: AddressLimit;
  /** A body must bring so many bytes … */
  pieceBytes: number;
  /** … in each so many milliseconds, or be whole. */
  pieceMs: number;
}

/** One body that is being read. */
export interface BodyAccount {
  /** Counts bytes that came; may end this body, or others. */
  add(bytes: number): void;
  /** The body is whole, or given up. */
  close(): void;
}

/**
 * The memory for request bodies that are under way. Where it runs out, the body gives way that has waited longest
 * for its next piece, never the newcomer: bodies that were begun and left lying cannot keep the others out.
 */
export class BodyBudget {
  readonly #options: BodyBudgetOptions;
  readonly #now: () => number;
  /** All bodies and those of each limited address, the one longest without a piece first. */
  readonly #all = new Queue();
  readonly #byAddress = new Map<string, Queue>();
  #sweep: NodeJS.Timeout | null = null;
  #sweptAt = 0;

  /** @param now milliseconds of a clock that never goes back */
  constructor(options: BodyBudgetOptions, now: () => number = () => performance.now()) {
    this.#options = options;
    this.#now = now;
  }

  /** Bytes held now. */
  get bytes(): number {
    return this.#all.bytes;
  }

  /** @param giveWay called at most once, when the body must be given up; it is closed then */
  open(address: string, giveWay: (why: GivesWay) => void): BodyAccount {
    const key = this.#options.perAddress.keyOf(address);
    const queues = key === null ? [this.#all] : [this.#all, this.#queueOf(key)];
    const body: Body = { bytes: 0, piece: 0, since: this.#now(), queues, giveWay };
    for (const queue of queues) queue.bodies.add(body);
    this.#startSweeping();
    return {
      add: (bytes) => this.#add(body, bytes),
      close: () => this.#close(body, key),
    };
  }

  #queueOf(key: string): Queue {
    const queue = this.#byAddress.get(key) ?? new Queue();
    this.#byAddress.set(key, queue);
    return queue;
  }

  #add(body: Body, bytes: number): void {
    body.bytes += bytes;
    body.piece += bytes;
    for (const queue of body.queues) queue.bytes += bytes;
    if (body.piece >= this.#options.pieceBytes) {
      body.piece = 0;
      body.since = this.#now();
      for (const { bodies } of body.queues) {
        bodies.delete(body);
        bodies.add(body);
      }
    }
    const [all, ofAddress] = body.queues;
    if (ofAddress) endWhileOver(ofAddress, this.#options.perAddress.limit);
    if (all) endWhileOver(all, this.#options.maxBytes);
  }

  #startSweeping(): void {
    if (this.#sweep) return;
    this.#sweptAt = this.#now();
    this.#sweep = setInterval(() => this.#endSlow(), SWEEP_MS).unref();
  }

  #endSlow(): void {
    const now = this.#now();
    const isLate = now - this.#sweptAt > 2 * SWEEP_MS;
    this.#sweptAt = now;
    // This process did not get to run: what came meanwhile is not read yet.
    if (isLate) return;
    const oldest = now - this.#options.pieceMs;
    for (const body of this.#all.bodies) {
      if (body.since > oldest) break;
      body.giveWay("too_slow");
    }
  }

  #close(body: Body, key: string | null): void {
    for (const queue of body.queues) if (queue.bodies.delete(body)) queue.bytes -= body.bytes;
    if (key !== null && this.#byAddress.get(key)?.bodies.size === 0) this.#byAddress.delete(key);
    if (this.#all.bodies.size > 0 || this.#sweep === null) return;
    clearInterval(this.#sweep);
    this.#sweep = null;
  }
}

interface Body {
  bytes: number;
  /** Bytes since the last whole piece, and when that came. */
  piece: number;
  since: number;
  readonly queues: readonly Queue[];
  readonly giveWay: (why: GivesWay) => void;
}

class Queue {
  bytes = 0;
  readonly bodies = new Set<Body>();
}

/** Whoever gives way closes its account, and so takes its bytes out of the queue. */
function endWhileOver(queue: Queue, limit: number): void {
  for (const body of queue.bodies) {
    if (queue.bytes <= limit) return;
    body.giveWay("over_limit");
  }
}
