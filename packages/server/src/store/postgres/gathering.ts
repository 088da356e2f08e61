/** Between the beginnings of two commits, in milliseconds, unless as many wait as usually share one. */
const GATHER_MS = 8;
/** Nearly as many are enough: of senders that wait for their answers, one is always late. */
const NEARLY = 0.8;
/** Of a large commit, so much is still usual after the next one. */
const FADING = 0.95;

/**
 * When the next commit of a node is to begin. Each has a cost of its own, in which all nodes wait for each other: where
 * others commit too, what comes is gathered until about as many wait as shared the last ones, or the last one is some
 * milliseconds ago. A node that is alone gathers nothing.
 */
export class Gathering {
  readonly #now: () => number;
  #begunAt = Number.NEGATIVE_INFINITY;
  #isShared = false;
  /** How many operations share a commit lately. */
  #usual = 0;

  /** @param now the time in milliseconds, from any beginning */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether other nodes committed before the last commit of this one. */
  get isShared(): boolean {
    return this.#isShared;
  }

  /** A commit begins. @returns the time */
  begin(): number {
    this.#begunAt = this.#now();
    return this.#begunAt;
  }

  /** A commit was made of so many operations. @param isShared whether other nodes committed since the one before */
  made(operations: number, isShared: boolean): void {
    this.#isShared = isShared;
    this.#usual = Math.max(operations, this.#usual * FADING);
  }

  /** For how long the next commit is to wait for more, in milliseconds. @param waiting operations that wait for it */
  pause(waiting: number): number {
    if (!this.#isShared || waiting >= this.#usual * NEARLY) return 0;
    return Math.max(0, this.#begunAt + GATHER_MS - this.#now());
  }
}
