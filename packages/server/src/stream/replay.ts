import type { EventFilter } from "@mission-control/protocol";
import type { FrameChunk, Stretch } from "../store/store.ts";
import { filterKey } from "./filter.ts";
import type { Ring, Slice } from "./ring.ts";
import type { Subscriber } from "./subscriber.ts";

/** How many reads of the store are under way at a time. With the size of a step, this bounds what they hold. */
export const MAX_READS = 8;
/** Bytes one subscriber gets before it is the next one's turn. */
const STEP_BYTES = 128 * 1024;
/** How long replays may hold the thread before live events get their turn, in milliseconds. */
const TURN_MS = 1.5;
/** How many turns in a row replays leave to live events that are about to be sent. */
const MAX_TURNS_LEFT = 4;
/** Steps that are kept for other readers who come to the same place. */
const MAX_KEPT_STEPS = 64;

const UNFILTERED = filterKey({});

export interface ReplayOptions {
  ring: Ring;
  /** Reads frames that the ring does not hold any more; at most {@link MAX_READS} are under way. */
  readLog: (stretch: Stretch, filter: EventFilter) => Promise<FrameChunk>;
  /** Whether live events are to be sent in the next turn of the event loop: they go first. */
  hasLiveWork: () => boolean;
  /** What a subscriber needs could not be read. */
  failed: (subscriber: Subscriber, error: unknown) => void;
}

/** A subscriber whose next step is known. */
interface Step {
  subscriber: Subscriber;
  slice: Slice;
}

/**
 * Brings subscribers that are behind on, from the ring where it reaches, else from the store. Each gets one small
 * step and queues up again. Several reads are under way at once, so that nobody waits for the read of another place;
 * those at the same place share one.
 */
export class Replay {
  readonly #options: ReplayOptions;
  /** Subscribers whose next step has to be found, in the order in which they get it. */
  #waiting: Subscriber[] = [];
  /** Steps that were read and are to be sent. */
  #found: Step[] = [];
  /** Who waits for each read under way, by its place in the log. */
  readonly #reads = new Map<string, Subscriber[]>();
  readonly #kept = new Map<string, Slice>();
  #turnsLeft = 0;
  #scheduled = false;

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  /** Takes a subscriber that is behind and whose socket takes more; `advance` is called on it once. */
  add(subscriber: Subscriber): void {
    this.#waiting.push(subscriber);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#turn();
    });
  }

  #turn(): void {
    if (this.#options.hasLiveWork() && this.#turnsLeft < MAX_TURNS_LEFT) {
      this.#turnsLeft++;
      this.#schedule();
      return;
    }
    this.#turnsLeft = 0;
    const until = performance.now() + TURN_MS;
    const found = this.#found;
    this.#found = [];
    let sent = 0;
    while (sent < found.length && performance.now() < until) {
      const { subscriber, slice } = found[sent++] as Step;
      subscriber.advance(slice);
    }
    this.#found = [...found.slice(sent), ...this.#found];
    // Who queues up again during this turn is behind those that wait already.
    const waiting = this.#waiting;
    this.#waiting = [];
    const put: Subscriber[] = [];
    let looked = 0;
    while (looked < waiting.length && performance.now() < until) {
      const subscriber = waiting[looked++] as Subscriber;
      if (subscriber.isReplaying && !this.#findStep(subscriber)) put.push(subscriber);
    }
    this.#waiting = [...put, ...waiting.slice(looked), ...this.#waiting];
    const canGoOn = this.#found.length > 0 || looked < waiting.length || this.#waiting.length > put.length;
    // Those that were put off wait for a read to end.
    if (canGoOn) this.#schedule();
    else if (this.#reads.size === 0) this.#kept.clear();
  }

  /** Sends a subscriber's next step, or has it read; false when too many reads are under way. */
  #findStep(subscriber: Subscriber): boolean {
    const { position, filter, cohort } = subscriber;
    const place = `${position} ${cohort.key}`;
    const kept = this.#kept.get(place) ?? this.#fromRing(subscriber);
    if (kept) {
      this.#keep(place, kept);
      subscriber.advance(kept);
      return true;
    }
    const readers = this.#reads.get(place);
    if (readers) readers.push(subscriber);
    else if (this.#reads.size >= MAX_READS) return false;
    else {
      this.#reads.set(place, [subscriber]);
      void this.#read(place, position, filter);
    }
    return true;
  }

  #fromRing({ position, filter, cohort }: Subscriber): Slice | null {
    const { ring } = this.#options;
    if (!ring.reaches(position)) return null;
    return ring.after(position, ring.head, cohort.key === UNFILTERED ? null : filter, STEP_BYTES);
  }

  async #read(place: string, after: number, filter: EventFilter): Promise<void> {
    const { ring, readLog, failed } = this.#options;
    try {
      const { frames, lastId } = await readLog({ after, upTo: ring.head, maxBytes: STEP_BYTES }, filter);
      const slice = { buffers: frames.length > 0 ? [frames] : [], bytes: frames.length, lastId };
      this.#keep(place, slice);
      for (const subscriber of this.#reads.get(place) ?? []) this.#found.push({ subscriber, slice });
    } catch (error) {
      for (const subscriber of this.#reads.get(place) ?? []) failed(subscriber, error);
    }
    this.#reads.delete(place);
    this.#schedule();
  }

  #keep(place: string, slice: Slice): void {
    this.#kept.set(place, slice);
    if (this.#kept.size <= MAX_KEPT_STEPS) return;
    const oldest = this.#kept.keys().next();
    if (!oldest.done) this.#kept.delete(oldest.value);
  }
}
