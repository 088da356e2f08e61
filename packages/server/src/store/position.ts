import type { Follower } from "./store.ts";

/** How long a view may stay behind what is in the log, for those who wait for it; in milliseconds. */
const BEHIND_MS = 5000;

/** A part of the server does not follow the log, or much too slowly. What was to be stored is stored; reading has to wait. */
export class BehindLogError extends Error {
  readonly code = "behind_log";
  override name = "BehindLogError";

  constructor() {
    super(`This server has not read for ${BEHIND_MS / 1000} s what is in its log already: try again.`);
  }
}

/** How far a view has followed the log, for those who must see in it what they have just written. */
export class Position {
  #lastEventId: number;
  readonly #waiting = new Set<{ eventId: number; resolve: () => void }>();
  readonly #setUrgent: Follower["setUrgent"];

  /**
   * @param lastEventId id of the newest event whose effect is in the view
   * @param setUrgent called when somebody begins to wait, and when nobody does any more: of the view's {@link Follower}
   */
  constructor(lastEventId: number, setUrgent: Follower["setUrgent"] = () => {}) {
    this.#lastEventId = lastEventId;
    this.#setUrgent = setUrgent;
  }

  /** Takes note that the view shows everything up to an event. */
  moveTo(eventId: number): void {
    this.#lastEventId = eventId;
    for (const one of this.#waiting) if (one.eventId <= eventId) one.resolve();
  }

  /**
   * Resolves when the view shows an event's effect: for those who read.
   * @param eventId null: there is nothing to wait for
   * @throws BehindLogError when it does not in time
   */
  async reached(eventId: number | null): Promise<void> {
    if (!(await this.reachedInTime(eventId))) throw new BehindLogError();
  }

  /**
   * The same for those who have written, and have to say so however late the view is.
   * @returns whether the view shows the event's effect
   */
  async reachedInTime(eventId: number | null): Promise<boolean> {
    if (eventId === null || eventId <= this.#lastEventId) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const one = { eventId, resolve: () => resolve(true) };
    const limit = setTimeout(() => resolve(false), BEHIND_MS);
    this.#waiting.add(one);
    this.#setUrgent(true);
    try {
      return await promise;
    } finally {
      clearTimeout(limit);
      this.#waiting.delete(one);
      if (this.#waiting.size === 0) this.#setUrgent(false);
    }
  }
}
