import type { Clock } from "./clock.ts";

/** Rings once at the earliest of the times that were asked for; whoever wants another has to ask again. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #next: { at: number; timer: { cancel(): void } } | null = null;
  #isOff = false;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** @param time in Unix milliseconds; null asks for nothing */
  at(time: number | null): void {
    if (time === null || this.#isOff || (this.#next && this.#next.at <= time)) return;
    this.#next?.timer.cancel();
    const timer = this.#clock.after(Math.max(0, time - this.#clock.now().getTime()), () => {
      this.#next = null;
      this.#ring();
    });
    this.#next = { at: time, timer };
  }

  /** It rings no more. */
  close(): void {
    this.#isOff = true;
    this.#next?.timer.cancel();
  }
}
