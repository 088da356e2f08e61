/** However long a round takes, the next one waits no longer than this, in milliseconds. */
const LONGEST_WAIT_MS = 50;

/**
 * Runs rounds of work that is cheaper the more it does at once: each waits as long as the last one took. Where a
 * round costs next to nothing it runs in the next turn of the event loop; where thousands of writes make it long, at
 * most half of the time goes to them, and each does more.
 */
export class Pacer {
  readonly #round: () => void;
  #immediate: NodeJS.Immediate | null = null;
  #timer: NodeJS.Timeout | null = null;
  #lastEnd = 0;
  #lastCost = 0;

  constructor(round: () => void) {
    this.#round = round;
  }

  /** Sees to it that a round runs presently. */
  request(): void {
    if (this.#immediate || this.#timer) return;
    const rested = performance.now() - this.#lastEnd;
    const wait = Math.min(this.#lastCost, LONGEST_WAIT_MS) - rested;
    // A timer cannot wait for less than a millisecond.
    if (wait < 1) this.#immediate = setImmediate(() => this.#run());
    else this.#timer = setTimeout(() => this.#run(), wait);
  }

  close(): void {
    if (this.#immediate) clearImmediate(this.#immediate);
    if (this.#timer) clearTimeout(this.#timer);
  }

  #run(): void {
    this.#immediate = null;
    this.#timer = null;
    const begun = performance.now();
    this.#round();
    this.#lastEnd = performance.now();
    this.#lastCost = this.#lastEnd - begun;
  }
}
