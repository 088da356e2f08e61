import { once } from "node:events";
import { anySignal, type Clock, systemClock } from "./clock.ts";

const DEFAULT_THRESHOLD = 5;
const COOLDOWNS = [5_000, 30_000, 120_000];

/**
 * Stops hammering a server that is down. After five failures in a row, over all reporters that share the circuit,
 * no request goes out for a while; then one is let through as a probe, and its outcome decides for the others.
 */
export class Circuit {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #threshold: number;
  readonly #sleepers = new Set<AbortController>();
  #failures = 0;
  #openUntil = 0;
  #probe: Promise<unknown> | undefined;

  /** @param options.threshold how many failures in a row open it. Default 5 */
  constructor(
    options: {
      clock?: Clock | undefined;
      random?: (() => number) | undefined;
      threshold?: number | undefined;
    } = {},
  ) {
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#threshold = options.threshold ?? DEFAULT_THRESHOLD;
  }

  get isOpen(): boolean {
    return this.#failures >= this.#threshold;
  }

  /** Whether the last request found the server down. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /** The server was seen to work, here or elsewhere: whoever waits because it did not tries again now. */
  answered(): void {
    this.#failures = 0;
    for (const sleeper of this.#sleepers) sleeper.abort();
  }

  /** Waits `ms`. @returns whether it waited all of them: `false` when the server answers again before */
  async pause(ms: number, signal?: AbortSignal): Promise<boolean> {
    const sleeper = new AbortController();
    this.#sleepers.add(sleeper);
    try {
      await this.#clock.sleep(ms, anySignal(signal, sleeper.signal));
      return true;
    } catch (error) {
      if (signal?.aborted || !sleeper.signal.aborted) throw error;
      return false;
    } finally {
      this.#sleepers.delete(sleeper);
    }
  }

  /**
   * Runs `request` as soon as the circuit allows it.
   * @param failed whether a result means that the server is down
   */
  async run<T>(request: () => Promise<T>, failed: (result: T) => boolean, signal?: AbortSignal): Promise<T> {
    while (this.isOpen) {
      // A clock that was set back must not make this longer than it ever is.
      const wait = Math.min(this.#openUntil - this.#clock.now(), Math.max(...COOLDOWNS));
      if (wait > 0) await this.pause(wait, signal);
      else if (this.#probe) await settled(this.#probe, signal);
      else break;
    }
    const running = request().then((result) => {
      if (failed(result)) this.#fail();
      else if (this.isFailing) this.answered();
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
    const longest = COOLDOWNS[Math.min(this.#failures - this.#threshold, COOLDOWNS.length - 1)] ?? 0;
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
