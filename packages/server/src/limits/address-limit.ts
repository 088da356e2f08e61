import { isLoopback, networkOf } from "../client-address.ts";

/**
 * A limit that counts for each client address. As long as nobody sets it, it spares this machine's own addresses:
 * all agents of a machine share them, and what runs here could do worse than open connections. A limit that is set
 * counts for all.
 */
export class AddressLimit {
  /** Infinite for none. */
  readonly limit: number;
  readonly #sparesLoopback: boolean;

  /**
   * @param given the setting; 0 for no limit, undefined when it is not set
   * @param standard the limit where it is not set
   */
  constructor(given: number | undefined, standard: number) {
    this.limit = given === 0 ? Number.POSITIVE_INFINITY : (given ?? standard);
    this.#sparesLoopback = given === undefined;
  }

  /** What an address is counted by; null when it is not limited. */
  keyOf(address: string): string | null {
    if (this.limit === Number.POSITIVE_INFINITY) return null;
    return this.#sparesLoopback && isLoopback(address) ? null : networkOf(address);
  }
}

/** How many of something each address has open now, and no more than its limit. */
export class AddressCount {
  readonly #limit: AddressLimit;
  readonly #counts = new Map<string, number>();

  constructor(limit: AddressLimit) {
    this.#limit = limit;
  }

  /** Whether an address has as many as it may. */
  isFull(address: string): boolean {
    const key = this.#limit.keyOf(address);
    return key !== null && (this.#counts.get(key) ?? 0) >= this.#limit.limit;
  }

  /**
   * Counts one more.
   * @returns the key to give back to {@link leave}; null when the address is not counted
   */
  enter(address: string): string | null {
    const key = this.#limit.keyOf(address);
    if (key !== null) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    return key;
  }

  /** One that was counted is over. */
  leave(key: string): void {
    const left = (this.#counts.get(key) ?? 1) - 1;
    if (left > 0) this.#counts.set(key, left);
    else this.#counts.delete(key);
  }
}
