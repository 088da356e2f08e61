import { setImmediate as nextTurn } from "node:timers/promises";
import type { EventFilter } from "@mission-control/protocol";
import type { FrameChunk, Stretch } from "../store/store.ts";
import { filterKey } from "./filter.ts";
import type { Ring, Slice } from "./ring.ts";
import type { Subscriber } from "./subscriber.ts";

/** Bytes one subscriber gets before it is the next one's turn. */
const STEP_BYTES = 128 * 1024;
/** How long catching up may hold the thread before live events get their turn, in milliseconds. */
const TURN_MS = 1.5;
const CACHED_STEPS = 64;

const UNFILTERED = filterKey({});

/**
 * Brings subscribers that are behind up to the newest event: from the ring where it reaches, else from the log. They
 * take turns, in small steps, and readers at the same place share what was read.
 */
export class CatchUp {
  readonly #ring: Ring;
  readonly #readLog: (stretch: Stretch, filter: EventFilter) => Promise<FrameChunk>;
  readonly #arrived: (subscriber: Subscriber) => void;
  readonly #failed: (subscriber: Subscriber, error: unknown) => void;
  #queue: Subscriber[] = [];
  #running = false;
  readonly #steps = new Map<string, Slice>();

  constructor(options: {
    ring: Ring;
    readLog: (stretch: Stretch, filter: EventFilter) => Promise<FrameChunk>;
    /** Called when a subscriber has everything there is, in the same turn. */
    arrived: (subscriber: Subscriber) => void;
    failed: (subscriber: Subscriber, error: unknown) => void;
  }) {
    this.#ring = options.ring;
    this.#readLog = options.readLog;
    this.#arrived = options.arrived;
    this.#failed = options.failed;
  }

  /** Takes a subscriber that is behind and whose socket takes more. */
  add(subscriber: Subscriber): void {
    this.#queue.push(subscriber);
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#queue.length > 0) {
      await nextTurn();
      const until = performance.now() + TURN_MS;
      const turn = this.#queue;
      this.#queue = [];
      let taken = 0;
      while (taken < turn.length && performance.now() < until) {
        const subscriber = turn[taken++] as Subscriber;
        await this.#step(subscriber).catch((error: unknown) => this.#failed(subscriber, error));
      }
      // Those who did not get their turn come before those who did.
      this.#queue = [...turn.slice(taken), ...this.#queue];
    }
    this.#steps.clear();
    this.#running = false;
  }

  async #step(subscriber: Subscriber): Promise<void> {
    if (subscriber.state !== "behind") return;
    if (subscriber.position < this.#ring.head) {
      const slice = await this.#next(subscriber);
      if (subscriber.state !== "behind") return;
      subscriber.position = slice.lastId;
      subscriber.unsent = 0;
      if (slice.bytes > 0) subscriber.send(slice);
    }
    if (subscriber.position >= this.#ring.head) this.#arrived(subscriber);
    else if (subscriber.blockedAt === null) this.#queue.push(subscriber);
  }

  async #next({ position, filter }: Subscriber): Promise<Slice> {
    const key = filterKey(filter);
    const place = `${position} ${key}`;
    const known = this.#steps.get(place);
    if (known) return known;
    const upTo = this.#ring.head;
    const slice = this.#ring.reaches(position)
      ? this.#ring.after(position, upTo, key === UNFILTERED ? null : filter, STEP_BYTES)
      : await this.#fromLog({ after: position, upTo, maxBytes: STEP_BYTES }, filter);
    this.#steps.set(place, slice);
    if (this.#steps.size > CACHED_STEPS) {
      const oldest = this.#steps.keys().next();
      if (!oldest.done) this.#steps.delete(oldest.value);
    }
    return slice;
  }

  async #fromLog(stretch: Stretch, filter: EventFilter): Promise<Slice> {
    const { frames, lastId } = await this.#readLog(stretch, filter);
    return { buffers: frames.length > 0 ? [frames] : [], bytes: frames.length, lastId };
  }
}
