import { reconnectDelay } from "./backoff.ts";

/** First ceiling of the wait between two tries, in milliseconds. */
const BASE_MS = 2_000;
/** Nobody stands before an empty page without a try for less than this. */
const LEAST_MS = 1_000;

/** A try that failed, and when the next is due, by the clock of {@link FirstReadPorts.now}. */
export interface FailedTry {
  error: Error;
  attempt: number;
  retryAt: number;
}

/** What reading needs from where it runs. */
export interface FirstReadPorts {
  /** Milliseconds that only ever grow. */
  now(): number;
  random(): number;
  /** Called after each failure; with null once a read has succeeded. */
  onFailure(failed: FailedTry | null): void;
  /** Whether only somebody's act can help (no session): then there is no next try until {@link FirstRead.retryNow}. */
  isFinal(error: Error): boolean;
}

/** Reads what a page cannot begin without, until it is there: waits longer after each failure, or until asked. */
export class FirstRead {
  readonly #ports: FirstReadPorts;
  #wake: (() => void) | null = null;
  #closed = false;

  constructor(ports: FirstReadPorts) {
    this.#ports = ports;
  }

  /** Resolves once `read` has succeeded, to true, or to false when closed before. */
  async run(read: () => Promise<void>): Promise<boolean> {
    for (let attempt = 1; !this.#closed; attempt++) {
      try {
        await read();
        if (this.#closed) return false;
        this.#ports.onFailure(null);
        return true;
      } catch (failure) {
        if (this.#closed) return false;
        const error = failure as Error;
        if (this.#ports.isFinal(error)) await this.#sleep(null);
        else {
          const delay = Math.max(LEAST_MS, reconnectDelay(attempt, BASE_MS, this.#ports.random));
          this.#ports.onFailure({ error, attempt, retryAt: this.#ports.now() + delay });
          await this.#sleep(delay);
        }
      }
    }
    return false;
  }

  /** Tries now instead of waiting. */
  retryNow(): void {
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  #sleep(delay: number | null): Promise<void> {
    return new Promise((resolve) => {
      const timer = delay === null ? undefined : setTimeout(() => this.#wake?.(), delay);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
    });
  }
}
