/** So many requests are begun in one turn of the event loop, by all endpoints together. */
const PER_TURN = 4;

/**
 * Lets requests begin a few at a time, first come, first served: whatever else the event loop has to do, callbacks and
 * streams above all, comes in between.
 */
export class SendPace {
  readonly #waiting: (() => void)[] = [];
  #isScheduled = false;

  /** Resolves when a request may begin. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      for (const begin of this.#waiting.splice(0, PER_TURN)) begin();
      if (this.#waiting.length > 0) this.#schedule();
    });
  }
}
