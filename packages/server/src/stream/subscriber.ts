import type { Socket } from "node:net";
import { type EventFilter, encodeSseComment, encodeSseRetry } from "@mission-control/protocol";
import type { Ring, Slice } from "./ring.ts";
import { withoutNames } from "./unnamed.ts";

/** How long a client waits before it reconnects, in milliseconds. */
export const RETRY_MS = 2000;
/** A reader with more than this unsent is cut off; it comes back with its last id (docs/contract.md, section 5). */
export const MAX_UNSENT_BYTES = 1024 * 1024;
/** What goes to a live reader in one write; more than that it replays, as fast as it takes it. */
const MAX_WRITE_BYTES = 256 * 1024;
/** A reader whose socket has taken nothing for so long is cut off, in milliseconds. */
const STALLED_MS = 60_000;

const KEEP_ALIVE = Buffer.from(encodeSseComment("keep-alive"));

/**
 * Where a reader stands. Only the methods of {@link Subscriber} change it.
 *
 * ```
 *  start ───► replaying ───► ahead ───► live ───► ended
 *                 ▲            │          │
 *                 └────────────┴──────────┘
 * ```
 *
 * - `replaying`: has everything up to its position. `Replay` brings it on, one step at a time, as long as its socket
 *   takes more ({@link Subscriber.advance}).
 * - `ahead`: has everything the ring holds, some of which its cohort is still to be served. It becomes live with the
 *   cohort's next delivery ({@link Subscriber.deliver}).
 * - `live`: has what its cohort was served, and is sent what the cohort is served next. When its socket takes no
 *   more, or a delivery is too large for one write, it replays from there.
 * - `ended`: nothing is sent to it any more.
 */
type State = "replaying" | "ahead" | "live" | "ended";

/** What subscribers ask of the hub they belong to. */
export interface SubscriberHost {
  readonly ring: Pick<Ring, "head" | "pick">;
  /** Calls {@link Subscriber.advance} with what comes after the subscriber's position, presently and once. */
  replay(subscriber: Subscriber): void;
  /** Ends a subscriber that cannot keep up, and drops what is unsent. */
  cutOff(subscriber: Subscriber): void;
}

/** What one turn of a cohort brings. */
export interface Delivery {
  /** Ids of the events, in order. */
  ids: readonly number[];
  /** Their frames. */
  slice: Slice;
  /** A position that everybody who is live in the cohort has reached. */
  before: number;
}

/** One open stream. It holds no queue: its position says what it still needs. */
export class Subscriber {
  readonly socket: Socket;
  readonly filter: EventFilter;
  readonly cohort: Cohort;
  readonly #host: SubscriberHost;
  readonly #unnamed: boolean;
  #state: State = "replaying";
  /** Id up to which everything was sent; not kept while live. */
  #position: number;
  /** Bytes of matching events it has not been given since its socket stopped taking more. */
  #unsent = 0;
  /** When its socket stopped taking more, in ms of the monotonic clock; null while it takes more. */
  #blockedAt: number | null = null;

  /** @param options.position id up to which the reader has everything */
  constructor(options: {
    socket: Socket;
    filter: EventFilter;
    unnamed: boolean;
    cohort: Cohort;
    host: SubscriberHost;
    position: number;
  }) {
    this.socket = options.socket;
    this.filter = options.filter;
    this.cohort = options.cohort;
    this.#host = options.host;
    this.#unnamed = options.unnamed;
    this.#position = options.position;
  }

  /** Id up to which it was sent everything; has no meaning unless {@link isReplaying}. */
  get position(): number {
    return this.#position;
  }

  get isReplaying(): boolean {
    return this.#state === "replaying";
  }

  /** Begins to be sent what comes after its position. To be called once, when its cohort knows it. */
  start(): void {
    this.#continue();
  }

  /** The next step of its replay: the frames after its position, if any match, up to the slice's last id. */
  advance(slice: Slice): void {
    if (this.#state !== "replaying") return;
    this.#position = slice.lastId;
    this.#unsent = 0;
    if (slice.bytes > 0) this.#send(slice);
    this.#continue();
  }

  /** Takes its part of what its cohort is served. */
  deliver({ ids, slice, before }: Delivery): void {
    if (this.#state !== "ahead") {
      this.#take(slice, before);
      return;
    }
    const { ring } = this.#host;
    const position = this.#position;
    // The store may have given it events that the log's follower has not brought yet.
    if (position <= ring.head) this.#state = "live";
    const missing = ids.filter((id) => id > position);
    if (missing.length > 0) this.#take(ring.pick(missing), position);
  }

  /** The next delivery cannot be made from memory: it replays, when live from `before`, else from where it stands. */
  fallBehind(before: number): void {
    if (this.#state === "live") this.#position = before;
    else if (this.#state !== "ahead") return;
    this.#state = "replaying";
    if (this.#blockedAt === null) this.#host.replay(this);
  }

  /** Its socket takes more again. */
  drained(): void {
    if (this.#blockedAt === null) return;
    this.#blockedAt = null;
    if (this.#state === "replaying") this.#host.replay(this);
  }

  /** Keeps intermediaries from closing an idle stream; cuts it off when its socket has taken nothing for long. */
  beat(): void {
    if (this.#blockedAt === null) this.socket.write(KEEP_ALIVE);
    else if (performance.now() - this.#blockedAt > STALLED_MS) this.#host.cutOff(this);
  }

  /** Sends nothing more; the socket is left as it is. */
  end(): void {
    this.#state = "ended";
  }

  /** Ends the stream in good order: the client comes back after {@link RETRY_MS}. */
  close(): void {
    this.end();
    // A reader that takes nothing would hold its connection, and with it the server, for ever.
    if (this.#blockedAt === null) this.socket.end(encodeSseRetry(RETRY_MS)).destroySoon();
    else this.socket.destroy();
  }

  /** Goes on replaying, or joins its cohort when it has everything the ring holds. */
  #continue(): void {
    const { head } = this.#host.ring;
    if (this.#position < head) {
      if (this.#blockedAt === null) this.#host.replay(this);
    } else {
      const isLive = this.#position === head && this.cohort.pending.length === 0;
      this.#state = isLive ? "live" : "ahead";
    }
  }

  /** @param before position up to which it has everything, if it is live */
  #take(slice: Slice, before: number): void {
    const takesMore = this.#blockedAt === null;
    if (this.#state === "live" && takesMore && slice.bytes <= MAX_WRITE_BYTES) {
      this.#send(slice);
      return;
    }
    this.fallBehind(before);
    if (takesMore) return;
    this.#unsent += slice.bytes;
    if (this.#unsent + this.socket.writableLength > MAX_UNSENT_BYTES) this.#host.cutOff(this);
  }

  /** Writes frames to the socket; the buffers are shared and must never change. */
  #send(slice: Slice): void {
    let takesMore = true;
    const buffers = this.#unnamed ? withoutNames(slice) : slice.buffers;
    for (const buffer of buffers) takesMore = this.socket.write(buffer);
    if (!takesMore) this.#blockedAt = performance.now();
  }
}

/** Some subscribers with the same filter, served together: what is sent to one is sent to all. */
export class Cohort {
  readonly key: string;
  readonly subscribers = new Set<Subscriber>();
  /** Ids of the events for them, in order, that they have not been served yet. */
  pending: number[] = [];

  constructor(key: string) {
    this.key = key;
  }
}
