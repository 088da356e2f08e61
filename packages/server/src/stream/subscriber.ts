import type { Socket } from "node:net";
import type { EventFilter } from "@mission-control/protocol";
import type { Slice } from "./ring.ts";

/** A reader with more than this unsent is cut off; it comes back with its last id (contract, section 5). */
export const MAX_UNSENT_BYTES = 1024 * 1024;

/**
 * - `live`: has everything before what its cohort is to be served next.
 * - `ahead`: has that too, up to `position`.
 * - `behind`: has everything up to `position`; catches up as its socket takes it.
 */
export type SubscriberState = "live" | "ahead" | "behind" | "closed";

/** One open stream. Holds no queue: its position says what it still needs. */
export class Subscriber {
  readonly socket: Socket;
  readonly filter: EventFilter;
  readonly cohort: Cohort;
  state: SubscriberState = "behind";
  /** Id up to which everything was sent; not kept while live. */
  position: number;
  /** Bytes of matching events it has not been given since its socket stopped taking more. */
  unsent = 0;
  /** When its socket stopped taking more, in ms of the monotonic clock; null while it takes more. */
  blockedAt: number | null = null;

  constructor(options: Pick<Subscriber, "socket" | "filter" | "cohort" | "position">) {
    this.socket = options.socket;
    this.filter = options.filter;
    this.cohort = options.cohort;
    this.position = options.position;
  }

  /** Writes frames to the socket; the buffers are shared and must never change. */
  send(slice: Slice): void {
    let takesMore = true;
    for (const buffer of slice.buffers) takesMore = this.socket.write(buffer);
    if (!takesMore) this.blockedAt = performance.now();
  }

  /** Counts what it was not given. Returns whether that is now too much. */
  owes(bytes: number): boolean {
    this.unsent += bytes;
    return this.unsent + this.socket.writableLength > MAX_UNSENT_BYTES;
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
