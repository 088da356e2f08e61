/** Before a step of a tail, in milliseconds: what comes meanwhile is read together. */
const PAUSE_MS = { urgent: 5, other: 25 };

/** When a tail reads the next step: at once after a rest where somebody waits for it, else some time after there is something. */
export class TailPace {
  readonly #isUrgent: () => boolean;
  readonly #clock: () => number;
  /** When the last step began that is to be followed by a pause. */
  #steppedAt = Number.NEGATIVE_INFINITY;
  /** Since when there is something to read, after a rest. */
  #begunAt = Number.NEGATIVE_INFINITY;
  /** The pause that is made now: until when, and what ends it. */
  #pause: { until: number; end: () => void } | null = null;

  /** @param clock milliseconds that never go back */
  constructor(isUrgent: () => boolean, clock = () => performance.now()) {
    this.#isUrgent = isUrgent;
    this.#clock = clock;
  }

  /** After a rest, there is something to read. */
  begin(): void {
    this.#begunAt = this.#clock();
  }

  /** Resolves when it is time for a step. */
  async due(): Promise<void> {
    for (let until = this.#dueAt(); until > this.#clock(); until = this.#dueAt()) await this.#wait(until);
  }

  /** A step that began then has come to the end of what there is. */
  stepped(begunAt: number): void {
    this.#steppedAt = begunAt;
  }

  /** It may have become urgent. */
  hasten(): void {
    if (this.#pause && this.#dueAt() < this.#pause.until) this.#pause.end();
  }

  /** Ends the pause that is made now, if any, and makes none any more. */
  close(): void {
    this.#steppedAt = this.#begunAt = Number.NEGATIVE_INFINITY;
    this.#pause?.end();
  }

  #dueAt(): number {
    if (this.#isUrgent()) return this.#steppedAt + PAUSE_MS.urgent;
    return Math.max(this.#steppedAt, this.#begunAt) + PAUSE_MS.other;
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
