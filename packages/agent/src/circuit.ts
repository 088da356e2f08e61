import { once } from "node:events";
import { type Clock, systemClock } from "./clock.ts";

const THRESHOLD = 5;
const COOLDOWNS = [5_000, 30_000, 120_000];

/**
 * Stops hammering a server that is down. After five failures in a row, over all reporters that share the circuit,
 * no request goes out for a while; then one is let through as a probe, and its outcome decides for the others.
 */
export class Circuit {
  readonly #clock: Clock;
  readonly #random: () => number;
  #failures = 0;
  #openUntil = 0;
  #probe: Promise<unknown> | undefined;

  constructor(options: { clock?: Clock | undefined; random?: (() => number) | undefined } = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
  }

  get isOpen(): boolean {
    return this.#failures >= THRESHOLD;
  }

  /**
   * Runs `attempt` as soon as the circuit allows it.
   * @param failed whether a result means that the server is down
   */
  async run<T>(attempt: () => Promise<T>, failed: (result: T) => boolean, signal?: AbortSignal): Promise<T> {
    while (this.isOpen) {
      const wait = this.#openUntil - this.#clock.now();
      if (wait > 0) await this.#clock.sleep(wait, signal);
      else if (this.#probe) await settled(this.#probe, signal);
      else break;
    }
    const running = attempt().then((result) => {
      if (failed(result)) this.#fail();
      else this.#failures = 0;
      return result;
    });
    if (this.isOpen) {
      const over = () => {
        this.#probe = undefined;
      };
      this.#probe = running.then(over, over);
    }
    return await running;
  }

  #fail(): void {
    this.#failures++;
    if (!this.isOpen) return;
    const longest = COOLDOWNS[Math.min(this.#failures - THRESHOLD, COOLDOWNS.length - 1)] ?? 0;
    this.#openUntil = this.#clock.now() + longest * (0.5 + this.#random() / 2);
  }
}

/** Waits for `promise`, or throws as soon as the signal is aborted. */
async function settled(promise: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  const waiting = new AbortController();
  try {
    await Promise.race([promise, ...(signal ? [aborted(signal, waiting.signal)] : [])]);
  } finally {
    waiting.abort();
  }
}

async function aborted(signal: AbortSignal, until: AbortSignal): Promise<void> {
  await once(signal, "abort", { signal: until }).catch(() => {});
  signal.throwIfAborted();
}
