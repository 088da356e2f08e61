import type { Socket } from "node:net";
import {
  type EventFilter,
  encodeSse,
  encodeSseComment,
  encodeSseRetry,
  RESET_EVENT,
} from "@mission-control/protocol";
import type { Logger } from "../logger.ts";
import type { Metrics } from "../metrics.ts";
import type { Follower, FrameChunk, LogEntry, LogRange, Stretch } from "../store/store.ts";
import { Audience } from "./audience.ts";
import { CatchUp } from "./catch-up.ts";
import { filterKey } from "./filter.ts";
import { Pacer } from "./pacer.ts";
import { Ring, type Slice } from "./ring.ts";
import { type Cohort, Subscriber } from "./subscriber.ts";

/** How long a client waits before it reconnects, in milliseconds. */
export const RETRY_MS = 2000;
/** Comments keep intermediaries from closing an idle stream: one to each reader in so many seconds. */
const HEARTBEAT_SECONDS = 15;
/** A reader whose socket has taken nothing for so long is gone. */
const STALLED_MS = 60_000;

/** What goes to a live reader in one write; more than that it gets in steps, as fast as it takes them. */
const MAX_WRITE_BYTES = 256 * 1024;

const HEARTBEAT = Buffer.from(encodeSseComment("keep-alive"));
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

type HubMetrics = Pick<Metrics, "streamOpened" | "streamClosed" | "streamDelivered" | "streamCutOff">;

/**
 * Fans committed events out to every open stream. Each event is encoded once. The cohorts take turns to be served, and
 * all that was committed since a cohort's last turn goes to each of its readers in one write: the more there is to do,
 * the less an event costs. A reader that falls behind costs no memory: it catches up from its position.
 */
export class Hub {
  readonly #log: LogSource;
  readonly #logger: Logger;
  readonly #metrics: HubMetrics;
  readonly #maxFilters: number;
  readonly #ring: Ring;
  readonly #audience = new Audience();
  readonly #catchUp: CatchUp;
  readonly #subscribers = new Map<Socket, Subscriber>();
  readonly #heartbeat: NodeJS.Timeout;
  readonly #follower: Follower;
  readonly #turns: Set<Subscriber>[] = Array.from({ length: HEARTBEAT_SECONDS }, () => new Set());
  #turn = 0;
  #nextTurn = 0;
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
    this.#catchUp = new CatchUp({
      ring: this.#ring,
      readLog: (stretch, filter) => this.#readLog(stretch, filter),
      arrived: (subscriber) => this.#place(subscriber),
      failed: (subscriber, error) => {
        this.#logger.error({ err: error }, "reading the log for a stream failed; it may reconnect");
        this.#cut(subscriber);
      },
    });
    this.#heartbeat = setInterval(() => this.#beat(), 1000);
    this.#heartbeat.unref();
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

  /**
   * Serves a stream on a socket whose response headers were written.
   * @param after position to resume after; null for live events only
   */
  async subscribe(socket: Socket, filter: EventFilter, after: number | null): Promise<void> {
    const range = await this.#log.range();
    if (this.#closed || socket.destroyed) {
      socket.destroy();
      return;
    }
    socket.write(encodeSseRetry(RETRY_MS));
    const resumable = after === null || (after <= range.newest && after >= range.oldest - 1);
    if (!resumable) socket.write(resetFrame(range));
    const position = resumable && after !== null ? after : range.newest;
    const cohort = this.#audience.cohortFor(filter);
    const subscriber = new Subscriber({ socket, filter, cohort, position });
    cohort.subscribers.add(subscriber);
    this.#subscribers.set(socket, subscriber);
    this.#turns[this.#nextTurn]?.add(subscriber);
    this.#nextTurn = (this.#nextTurn + 1) % HEARTBEAT_SECONDS;
    this.#metrics.streamOpened();
    const onDrain = this.#onDrain;
    const onGone = this.#onGone;
    socket.on("drain", onDrain).on("close", onGone).on("error", onGone);
    this.#place(subscriber);
  }

  /** Takes what the log told, to be sent presently. */
  #publish(entries: readonly LogEntry[]): void {
    this.#ring.append(entries);
    for (const entry of entries) {
      for (const cohort of this.#audience.of(entry)) {
        cohort.pending.push(entry.id);
        this.#pacer.add(cohort);
      }
    }
  }

  /** Ends every stream, telling each client when to come back. */
  close(): void {
    this.#closed = true;
    this.#follower.close();
    clearInterval(this.#heartbeat);
    this.#pacer.close();
    const farewell = encodeSseRetry(RETRY_MS);
    for (const subscriber of [...this.#subscribers.values()]) {
      this.#forget(subscriber);
      // A reader that takes nothing would hold its connection, and with it the server, for ever.
      if (subscriber.blockedAt === null) subscriber.socket.end(farewell).destroySoon();
      else subscriber.socket.destroy();
    }
  }

  /** A reader that pruning has overtaken must not be shown a log with a hole: it comes back, to a `reset`. */
  async #readLog(stretch: Stretch, filter: EventFilter): Promise<FrameChunk> {
    const chunk = await this.#log.frames(stretch, filter);
    const { oldest } = await this.#log.range();
    if (stretch.after < oldest - 1) throw new Error(`Events after ${stretch.after} were pruned.`);
    return chunk;
  }

  /** Sends a cohort what is pending for it. */
  #serve(cohort: Cohort): void {
    const { pending, subscribers } = cohort;
    const before = (pending[0] ?? 0) - 1;
    cohort.pending = [];
    if (!this.#ring.reaches(before)) {
      // More came than the ring holds: they read it from the log.
      for (const subscriber of subscribers) this.#leaveBehind(subscriber, before);
      return;
    }
    const all = Number.POSITIVE_INFINITY;
    const slice =
      cohort.key === UNFILTERED
        ? this.#ring.after(before, this.#ring.head, null, all)
        : this.#ring.pick(pending);
    for (const subscriber of subscribers) {
      if (subscriber.state === "ahead") this.#offerRest(subscriber, pending);
      else this.#offer(subscriber, slice, before);
    }
    this.#metrics.streamDelivered(pending.length * subscribers.size);
  }

  /** Finds where a subscriber stands: behind, or ahead of its cohort, or live with it. */
  #place(subscriber: Subscriber): void {
    const { position, cohort } = subscriber;
    if (position < this.#ring.head) {
      subscriber.state = "behind";
      this.#catchUp.add(subscriber);
    } else {
      const isLive = position === this.#ring.head && cohort.pending.length === 0;
      subscriber.state = isLive ? "live" : "ahead";
    }
  }

  /** Sends a subscriber that was ahead of its cohort what it does not have yet. */
  #offerRest(subscriber: Subscriber, pending: readonly number[]): void {
    const { position } = subscriber;
    const rest = pending.filter((id) => id > position);
    if (position <= this.#ring.head) subscriber.state = "live";
    if (rest.length > 0) this.#offer(subscriber, this.#ring.pick(rest), position);
  }

  /** @param before position up to which a live subscriber has everything */
  #offer(subscriber: Subscriber, slice: Slice, before: number): void {
    const takesAll = subscriber.blockedAt === null && slice.bytes <= MAX_WRITE_BYTES;
    if (subscriber.state === "live" && takesAll) {
      subscriber.send(slice);
      return;
    }
    this.#leaveBehind(subscriber, before);
    if (subscriber.blockedAt !== null && subscriber.owes(slice.bytes)) this.#cut(subscriber);
  }

  /** What was live no longer is: it has everything up to `position` and catches up from there. */
  #leaveBehind(subscriber: Subscriber, position: number): void {
    if (subscriber.state === "live") subscriber.position = position;
    else if (subscriber.state !== "ahead") return;
    subscriber.state = "behind";
    if (subscriber.blockedAt === null) this.#catchUp.add(subscriber);
  }

  readonly #onDrain = this.#listener((subscriber) => {
    if (subscriber.blockedAt === null) return;
    subscriber.blockedAt = null;
    if (subscriber.state === "behind") this.#catchUp.add(subscriber);
  });

  readonly #onGone = this.#listener((subscriber) => this.#forget(subscriber));

  /** One listener for all sockets: thousands of idle readers must not cost a closure each. */
  #listener(handle: (subscriber: Subscriber) => void): (this: Socket) => void {
    const subscribers = () => this.#subscribers;
    return function listener(this: Socket) {
      const subscriber = subscribers().get(this);
      if (subscriber) handle(subscriber);
    };
  }

  /** Each second, a fifteenth of the readers: no burst of thousands of writes. */
  #beat(): void {
    this.#turn = (this.#turn + 1) % HEARTBEAT_SECONDS;
    const now = performance.now();
    for (const subscriber of this.#turns[this.#turn] ?? []) {
      if (subscriber.blockedAt === null) subscriber.socket.write(HEARTBEAT);
      else if (now - subscriber.blockedAt > STALLED_MS) this.#cut(subscriber);
    }
  }

  /** Drops a reader that cannot keep up, and what is unsent with it. */
  #cut(subscriber: Subscriber): void {
    this.#metrics.streamCutOff();
    this.#forget(subscriber);
    subscriber.socket.destroy();
  }

  #forget(subscriber: Subscriber): void {
    if (!this.#subscribers.delete(subscriber.socket)) return;
    subscriber.state = "closed";
    this.#audience.leave(subscriber);
    for (const turn of this.#turns) turn.delete(subscriber);
    this.#metrics.streamClosed();
  }
}

/** Says that a position cannot be resumed; its id is where the client stands from now on. */
function resetFrame(range: LogRange): string {
  return encodeSse({ id: range.newest, event: RESET_EVENT, data: JSON.stringify(range) });
}
