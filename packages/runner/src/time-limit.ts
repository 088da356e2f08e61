import type { Clock } from "@mission-control/agent";

/** A run took longer than it may. */
export class TimeLimitError extends Error {
  override name = "TimeLimitError";
  readonly code = "time_limit";
}

/** Aborts its signal after a time of work; the time an operator takes to answer does not count. */
export class TimeLimit {
  readonly #clock: Clock;
  readonly #exceeded = new AbortController();
  readonly #message: string;
  #left: number;
  #startedAt = 0;
  #timer: AbortController | undefined;
  #pauses = 0;

  /** @param seconds `undefined` for no limit */
  constructor(seconds: number | undefined, clock: Clock) {
    this.#clock = clock;
    this.#left = seconds === undefined ? Number.POSITIVE_INFINITY : seconds * 1000;
    this.#message = `The time limit of ${seconds} s was reached.`;
    this.#run();
  }

  get signal(): AbortSignal {
    return this.#exceeded.signal;
  }

  /** Stops counting while `work` runs. */
  async pause<T>(work: () => Promise<T>): Promise<T> {
    if (this.#pauses++ === 0) this.#hold();
    try {
      return await work();
    } finally {
      if (--this.#pauses === 0) this.#run();
    }
  }

  close(): void {
    this.#pauses = Number.POSITIVE_INFINITY;
    this.#timer?.abort();
  }

  #hold(): void {
    this.#left -= this.#clock.now() - this.#startedAt;
    this.#timer?.abort();
  }

  #run(): void {
    if (this.#left === Number.POSITIVE_INFINITY) return;
    this.#startedAt = this.#clock.now();
    this.#timer = new AbortController();
    this.#clock.sleep(Math.max(0, this.#left), this.#timer.signal).then(
      () => this.#exceeded.abort(new TimeLimitError(this.#message)),
      () => {}, // Held or closed.
    );
  }
}
