import type { Store } from "./store/store.ts";

/** An answer is good for so long, in milliseconds: anybody may ask, and asking the store is a commit. */
const GOOD_FOR_MS = 1000;

/** Whether callbacks can be accepted now. */
export class Readiness {
  readonly #store: Pick<Store, "unavailableReason">;
  readonly #clock: () => number;
  #stopping = false;
  #reason: Promise<string | null> = Promise.resolve(null);
  #askedAt = Number.NEGATIVE_INFINITY;

  /** @param clock milliseconds that never go back */
  constructor(store: Pick<Store, "unavailableReason">, clock = () => performance.now()) {
    this.#store = store;
    this.#clock = clock;
  }

  /** From now on there are none. */
  stop(): void {
    this.#stopping = true;
  }

  /** Why they cannot, in a sentence; null when they can. */
  async unreadyReason(): Promise<string | null> {
    if (this.#stopping) return "The server is stopping.";
    const now = this.#clock();
    if (now - this.#askedAt >= GOOD_FOR_MS) {
      this.#askedAt = now;
      this.#reason = this.#store.unavailableReason();
    }
    return this.#reason;
  }
}
