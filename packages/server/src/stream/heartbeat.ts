import type { Subscriber } from "./subscriber.ts";

/** How often each subscriber has its turn, in seconds. */
const PERIOD_SECONDS = 15;

/** Calls each subscriber's `beat` once in 15 seconds: every second a fifteenth of them, not thousands at once. */
export class Heartbeat {
  readonly #turns: Set<Subscriber>[] = Array.from({ length: PERIOD_SECONDS }, () => new Set());
  /** The turn of this second. */
  #now = 0;
  /** The turn of the next subscriber. */
  #next = 0;
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => this.#beat(), 1000).unref();
  }

  add(subscriber: Subscriber): void {
    this.#turns[this.#next]?.add(subscriber);
    this.#next = (this.#next + 1) % PERIOD_SECONDS;
  }

  delete(subscriber: Subscriber): void {
    for (const turn of this.#turns) turn.delete(subscriber);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    this.#now = (this.#now + 1) % PERIOD_SECONDS;
    for (const subscriber of this.#turns[this.#now] ?? []) subscriber.beat();
  }
}
