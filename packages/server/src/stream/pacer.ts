/** What a turn may take at least, and at most, in milliseconds. */
const SHORTEST_TURN_MS = 1;
const LONGEST_TURN_MS = 4;

/**
 * Does a queue of work in turns with everything else on the event loop. A turn takes about as long as the rest has
 * taken since the one before: under load the two share the time by halves, and neither waits long for the other.
 */
export class Pacer {
  readonly #step: () => boolean;
  #next: NodeJS.Immediate | null = null;
  #lastEnd = 0;

  /** @param step does one piece of the work, if there is any; returns whether there is more */
  constructor(step: () => boolean) {
    this.#step = step;
  }

  /** Sees to it that the work is done presently. */
  request(): void {
    this.#next ??= setImmediate(() => this.#turn());
  }

  close(): void {
    if (this.#next) clearImmediate(this.#next);
  }

  #turn(): void {
    this.#next = null;
    const begun = performance.now();
    const share = Math.min(Math.max(begun - this.#lastEnd, SHORTEST_TURN_MS), LONGEST_TURN_MS);
    let more = true;
    while (more && performance.now() - begun < share) more = this.#step();
    this.#lastEnd = performance.now();
    if (more) this.request();
  }
}
