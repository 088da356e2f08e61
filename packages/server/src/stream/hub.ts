import type { Socket } from "node:net";
import { type EventFilter, encodeSse, encodeSseRetry, RESET_EVENT } from "@mission-control/protocol";
import type { Logger } from "../logger.ts";
import type { Metrics } from "../metrics.ts";
import { isLostPosition } from "../store/log-gaps.ts";
import type { Follower, FrameChunk, LogEntry, LogRange, Stretch } from "../store/store.ts";
import { Audience } from "./audience.ts";
import { filterKey } from "./filter.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Pacer } from "./pacer.ts";
import { Replay } from "./replay.ts";
import { Ring } from "./ring.ts";
import { type Cohort, RETRY_MS, Subscriber, type SubscriberHost } from "./subscriber.ts";

const UNFILTERED = filterKey({});

/** What the hub needs of the log. */
export interface LogSource {
  range(): Promise<LogRange>;
  frames(stretch: Stretch, filter: EventFilter): Promise<FrameChunk>;
  follow(after: number, listener: (entries: readonly LogEntry[]) => void): Follower;
}

export interface HubOptions {
  log: LogSource;
  logger: Logger;
  metrics: HubMetrics;
  /** How many different filters may be listened with at a time: each costs every event a look. */
  maxFilters: number;
}

/** What a client asks of a stream. */
export interface Subscription {
  filter: EventFilter;
  /** Position to resume after; null for live events only. */
  after: number | null;
  /** Whether frames come without their `event:` field. */
  unnamed: boolean;
}

type HubMetrics = Pick<Metrics, "streamOpened" | "streamClosed" | "streamDelivered" | "streamCutOff">;

/**
 * Fans committed events out to every open stream. Each event is encoded once. The cohorts take turns to be served, and
 * all that was committed since a cohort's last turn goes to each of its readers in one write: the more there is to do,
 * the less an event costs. A reader that falls behind costs no memory: it replays from its position. What state a reader is in
 * only {@link Subscriber} knows: the hub tells it what happens.
 */
export class Hub {
  readonly #log: LogSource;
  readonly #logger: Logger;
  readonly #metrics: HubMetrics;
  readonly #maxFilters: number;
  readonly #ring: Ring;
  readonly #audience = new Audience();
  readonly #replay: Replay;
  readonly #host: SubscriberHost;
  readonly #subscribers = new Map<Socket, Subscriber>();
  readonly #heartbeat = new Heartbeat();
  readonly #follower: Follower;
  #closed = false;
  /** Serves the cohorts that have something pending. */
  readonly #pacer = new Pacer<Cohort>((cohort) => this.#serve(cohort));

  /** Follows the log from its end on. */
  static async open(options: HubOptions): Promise<Hub> {
    const { newest } = await options.log.range();
    return new Hub(options, newest);
  }

  private constructor(options: HubOptions, newest: number) {
    this.#log = options.log;
    this.#maxFilters = options.maxFilters;
    this.#logger = options.logger;
    this.#metrics = options.metrics;
    this.#ring = new Ring(newest);
    this.#replay = new Replay({
      ring: this.#ring,
      readLog: (stretch, filter) => this.#readLog(stretch, filter),
      hasLiveWork: () => this.#pacer.isServing,
      failed: (subscriber, error) => {
        this.#logger.error({ err: error }, "reading the log for a stream failed; it may reconnect");
        this.#cutOff(subscriber);
      },
    });
    this.#host = {
      ring: this.#ring,
      replay: (subscriber) => this.#replay.add(subscriber),
      cutOff: (subscriber) => this.#cutOff(subscriber),
    };
    this.#follower = options.log.follow(newest, (entries) => this.#publish(entries));
  }

  /** How many streams are open. */
  get size(): number {
    return this.#subscribers.size;
  }

  /** Whether there is room for a stream with this filter. */
  takes(filter: EventFilter): boolean {
    return this.#audience.filters < this.#maxFilters || this.#audience.has(filter);
  }

  /** Serves a stream on a socket whose response headers were written. */
  async subscribe(socket: Socket, { filter, after, unnamed }: Subscription): Promise<void> {
    const { head } = this.#ring;
    const range = await this.#log.range();
    if (this.#closed || socket.destroyed) {
      socket.destroy();
      return;
    }
    if (!holds(range, head)) {
      // Until this node restarts, it knows no log that the client could go on in: it comes back.
      socket.end(encodeSseRetry(RETRY_MS));
      return;
    }
    socket.write(encodeSseRetry(RETRY_MS));
    const resumable = after === null || canResume(range, after);
    if (!resumable) socket.write(resetFrame(range, unnamed));
    const position = resumable && after !== null ? after : range.newest;
    const cohort = this.#audience.cohortFor(filter);
    const subscriber = new Subscriber({ socket, filter, unnamed, cohort, host: this.#host, position });
    cohort.subscribers.add(subscriber);
    this.#subscribers.set(socket, subscriber);
    this.#follower.setUrgent(true);
    this.#heartbeat.add(subscriber);
    this.#metrics.streamOpened();
    socket.on("drain", this.#onDrain).on("close", this.#onClosed).on("error", this.#onClosed);
    subscriber.start();
  }

  /** Takes newly committed events, to be sent presently. */
  #publish(entries: readonly LogEntry[]): void {
    this.#ring.append(entries);
    for (const entry of entries) {
      this.#audience.visit(entry, (cohort) => {
        cohort.pending.push(entry.id);
        this.#pacer.add(cohort);
      });
    }
  }

  /** Ends every stream, telling each client when to come back. */
  close(): void {
    this.#closed = true;
    this.#follower.close();
    this.#heartbeat.close();
    this.#pacer.close();
    for (const subscriber of [...this.#subscribers.values()]) {
      this.#forget(subscriber);
      subscriber.close();
    }
  }

  /** A reader that pruning has overtaken must not be shown a log with a hole: it comes back, to a `reset`. */
  async #readLog(stretch: Stretch, filter: EventFilter): Promise<FrameChunk> {
    const { head } = this.#ring;
    const chunk = await this.#log.frames(stretch, filter);
    const range = await this.#log.range();
    if (stretch.after < range.oldest - 1) throw new Error(`Events after ${stretch.after} were pruned.`);
    if (!holds(range, head)) throw new Error("The log was put back from a copy.");
    return chunk;
  }

  /** Sends a cohort what is pending for it. */
  #serve(cohort: Cohort): void {
    const { pending, subscribers } = cohort;
    const before = (pending[0] ?? 0) - 1;
    cohort.pending = [];
    if (!this.#ring.reaches(before)) {
      // More came than the ring holds: they read it from the log.
      for (const subscriber of subscribers) subscriber.fallBehind(before);
      return;
    }
    const all = Number.POSITIVE_INFINITY;
    const slice =
      cohort.key === UNFILTERED
        ? this.#ring.after(before, this.#ring.head, null, all)
        : this.#ring.pick(pending);
    const delivery = { ids: pending, slice, before };
    for (const subscriber of subscribers) subscriber.deliver(delivery);
    this.#metrics.streamDelivered(pending.length * subscribers.size);
  }

  readonly #onDrain = this.#listener((subscriber) => subscriber.drained());

  readonly #onClosed = this.#listener((subscriber) => this.#forget(subscriber));

  /** One listener for all sockets: thousands of idle readers must not cost a closure each. */
  #listener(handle: (subscriber: Subscriber) => void): (this: Socket) => void {
    const subscribers = () => this.#subscribers;
    return function listener(this: Socket) {
      const subscriber = subscribers().get(this);
      if (subscriber) handle(subscriber);
    };
  }

  /** Drops a reader that cannot keep up, and what is unsent with it. */
  #cutOff(subscriber: Subscriber): void {
    this.#metrics.streamCutOff();
    this.#forget(subscriber);
    subscriber.socket.destroy();
  }

  #forget(subscriber: Subscriber): void {
    if (!this.#subscribers.delete(subscriber.socket)) return;
    subscriber.end();
    this.#audience.leave(subscriber);
    this.#heartbeat.delete(subscriber);
    this.#metrics.streamClosed();
    if (this.#subscribers.size === 0) this.#follower.setUrgent(false);
  }
}

/** Whether the log still holds an event that was announced here; not after an older copy was put in its place. */
function holds({ newest, gaps = [] }: LogRange, head: number): boolean {
  return head <= newest && !isLostPosition(head, gaps);
}

/** Whether the log holds everything after a position that it has given itself, so far as can be known. */
function canResume({ oldest, newest, gaps = [] }: LogRange, position: number): boolean {
  if (position > newest || position < oldest - 1) return false;
  return !isLostPosition(position, gaps);
}

/** Says that a position cannot be resumed; its id is where the client stands from now on. */
function resetFrame(range: LogRange, unnamed: boolean): string {
  const { oldest, newest } = range;
  // Without a name, only its data can tell it from an event.
  if (unnamed) return encodeSse({ id: newest, data: JSON.stringify({ type: RESET_EVENT, oldest, newest }) });
  return encodeSse({ id: newest, event: RESET_EVENT, data: JSON.stringify({ oldest, newest }) });
}
