/** A round is done in so many turns of the event loop. */
const TURNS_OF_ROUND = 8;
/** The pause after a round, as a part of the time that the round's own work took. */
const PAUSE = 0.25;
/** However long a round took, the next one waits no longer than this, in milliseconds. */
const LONGEST_PAUSE_MS = 50;

/**
 * Serves items in rounds, for work that is cheaper the more it does at once. Everything else on the event loop gets
 * its turn within a round. Where a round costs next to nothing, the next one follows at once; where thousands of
 * writes make it long, the pause between rounds lets more gather for each, and a round under way gives way no
 * further than to an eighth of itself, so that what brings the work cannot outrun it.
 */
export class Pacer<Item> {
  readonly #serve: (item: Item) => void;
  /** In the order in which they are served; what is left of the round under way comes first. */
  readonly #due = new Set<Item>();
  #leftOfRound = 0;
  #turnSize = 0;
  /** What the round under way, or the last one, took by itself. */
  #cost = 0;
  #roundEnd = 0;
  #immediate: NodeJS.Immediate | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(serve: (item: Item) => void) {
    this.#serve = serve;
  }

  /** Whether items are served in the next turn of the event loop; not while it pauses, or has nothing to do. */
  get isServing(): boolean {
    return this.#immediate !== null;
  }

  /** Sees to it that an item is served presently; once, however often it is added before. */
  add(item: Item): void {
    this.#due.add(item);
    this.#schedule();
  }

  /** Serves all that is due, and nothing afterwards. */
  close(): void {
    for (const item of this.#due) this.#serve(item);
    this.#due.clear();
    if (this.#immediate) clearImmediate(this.#immediate);
    if (this.#timer) clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#immediate || this.#timer) return;
    const pause = this.#leftOfRound > 0 ? 0 : Math.min(this.#cost * PAUSE, LONGEST_PAUSE_MS);
    const wait = pause === 0 ? 0 : this.#roundEnd + pause - performance.now();
    // A timer cannot wait for less than a millisecond.
    if (wait < 1) this.#immediate = setImmediate(() => this.#turn());
    else this.#timer = setTimeout(() => this.#turn(), wait);
  }

  #turn(): void {
    this.#immediate = null;
    this.#timer = null;
    if (this.#leftOfRound === 0) {
      this.#leftOfRound = this.#due.size;
      this.#turnSize = Math.ceil(this.#due.size / TURNS_OF_ROUND);
      this.#cost = 0;
    }
    const begun = performance.now();
    let left = Math.min(this.#turnSize, this.#leftOfRound);
    this.#leftOfRound -= left;
    for (const item of this.#due) {
      if (left-- === 0) break;
      this.#due.delete(item);
      this.#serve(item);
    }
    this.#roundEnd = performance.now();
    this.#cost += this.#roundEnd - begun;
    if (this.#due.size > 0) this.#schedule();
  }
}
