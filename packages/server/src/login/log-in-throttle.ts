/** Failures in a row that cost nothing: people mistype. */
const FREE_FAILURES = 5;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
/** An address that has not failed for so long starts over, in milliseconds. */
const FORGET_MS = 15 * 60_000;
/** Addresses remembered; the one that has not failed for longest is forgotten first. */
const MAX_ADDRESSES = 1000;

interface Failures {
  count: number;
  /** Unix milliseconds. */
  lastAt: number;
  waitUntil: number;
}

/**
 * Slows those who guess: after a few failures in a row from one address, each one doubles how long the next has to
 * wait. It is asked about failures alone, so that nobody's guesses keep out who has the right token.
 */
export class LogInThrottle {
  readonly #now: () => Date;
  readonly #failures = new Map<string, Failures>();

  constructor(now: () => Date) {
    this.#now = now;
  }

  /**
   * Takes note of a wrong token or code.
   * @returns seconds the address has to wait, when it did not wait as long as it should have; else 0
   */
  failed(address: string): number {
    const now = this.#now().getTime();
    const known = this.#failures.get(address);
    if (known && now < known.waitUntil) return Math.ceil((known.waitUntil - now) / 1000);
    const count = (known && now - known.lastAt < FORGET_MS ? known.count : 0) + 1;
    const doublings = count - FREE_FAILURES - 1;
    const wait = doublings < 0 ? 0 : Math.min(FIRST_WAIT_MS * 2 ** doublings, LONGEST_WAIT_MS);
    this.#failures.delete(address);
    this.#failures.set(address, { count, lastAt: now, waitUntil: now + wait });
    if (this.#failures.size > MAX_ADDRESSES) {
      const oldest = this.#failures.keys().next();
      if (!oldest.done) this.#failures.delete(oldest.value);
    }
    return 0;
  }
}
