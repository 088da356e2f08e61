/** Between two steps of a tail, in milliseconds: where others commit all the time, what comes meanwhile is read together. */
const STEP_MS = { urgent: 5, other: 25 };

/** When the next step of a tail begins: sooner where somebody waits for it. */
export class TailPace {
  readonly #isUrgent: () => boolean;
  readonly #clock: () => number;
  /** When the last step began that is to be followed by a pause. */
  #begunAt = Number.NEGATIVE_INFINITY;
  /** The pause that is made now: until when, and what ends it. */
  #pause: { until: number; end: () => void } | null = null;

  /** @param clock milliseconds that never go back */
  constructor(isUrgent: () => boolean, clock = () => performance.now()) {
    this.#isUrgent = isUrgent;
    this.#clock = clock;
  }

  /** Resolves when it is time for a step. */
  async due(): Promise<void> {
    for (let until = this.#dueAt(); until > this.#clock(); until = this.#dueAt()) await this.#wait(until);
  }

  /** A step that began then has come to the end of what there is. */
  stepped(begunAt: number): void {
    this.#begunAt = begunAt;
  }

  /** It may have become urgent. */
  hasten(): void {
    if (this.#pause && this.#dueAt() < this.#pause.until) this.#pause.end();
  }

  /** Ends the pause that is made now, if any, and makes none any more. */
  close(): void {
    this.#begunAt = Number.NEGATIVE_INFINITY;
    this.#pause?.end();
  }

  #dueAt(): number {
    return this.#begunAt + (this.#isUrgent() ? STEP_MS.urgent : STEP_MS.other);
  }

  #wait(until: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#pause = null;
        resolve();
      };
      const timer = setTimeout(end, until - this.#clock());
      this.#pause = { until, end };
    });
  }
}
