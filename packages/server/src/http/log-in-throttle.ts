/** Failures in a row that cost nothing: people mistype. */
const FREE_FAILURES = 5;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
/** Addresses remembered; the longest-known is forgotten first. */
const MAX_ADDRESSES = 1000;

interface Failures {
  count: number;
  /** Unix milliseconds. */
  waitUntil: number;
}

/** Slows failed log-ins: after a few in a row from one address, each one doubles how long it must wait. */
export class LogInThrottle {
  readonly #now: () => Date;
  readonly #failures = new Map<string, Failures>();

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** Seconds the address must wait before it may try again; 0 when it may now. */
  secondsToWait(address: string): number {
    const waitUntil = this.#failures.get(address)?.waitUntil ?? 0;
    return Math.max(0, Math.ceil((waitUntil - this.#now().getTime()) / 1000));
  }

  failed(address: string): void {
    const count = (this.#failures.get(address)?.count ?? 0) + 1;
    const doublings = count - FREE_FAILURES - 1;
    const wait = doublings < 0 ? 0 : Math.min(FIRST_WAIT_MS * 2 ** doublings, LONGEST_WAIT_MS);
    this.#failures.delete(address);
    this.#failures.set(address, { count, waitUntil: this.#now().getTime() + wait });
    if (this.#failures.size <= MAX_ADDRESSES) return;
    const oldest = this.#failures.keys().next();
    if (!oldest.done) this.#failures.delete(oldest.value);
  }

  succeeded(address: string): void {
    this.#failures.delete(address);
  }
}
