import type { AddressLimit } from "../limits/address-limit.ts";
import type { Limit } from "../limits/limits.ts";
import { type Excess, RateLimit } from "../limits/rate-limit.ts";

/** Why a callback is not taken now. */
export interface OverLimit extends Excess {
  limit: Limit;
  detail: string;
}

/** How many callbacks are taken: of each client address, counted unread, and for each dispatch, once verified. */
export class CallbackLimits {
  readonly #address: AddressLimit;
  readonly #ofAddress: RateLimit;
  readonly #ofDispatch: RateLimit;

  /** Both limits in callbacks a second. @param perDispatch 0 for none */
  constructor(perDispatch: number, perAddress: AddressLimit) {
    this.#address = perAddress;
    this.#ofAddress = new RateLimit(Number.isFinite(perAddress.limit) ? perAddress.limit : 0);
    this.#ofDispatch = new RateLimit(perDispatch);
  }

  /** Counts a callback as its client's. */
  fromAddress(address: string): OverLimit | null {
    const key = this.#address.keyOf(address);
    const excess = key === null ? null : this.#ofAddress.take(key);
    return excess && { ...excess, limit: "callbacks_per_address", detail: FROM_ADDRESS };
  }

  /** Counts a callback as a dispatch's; only one that was verified, so that nobody else can use its share up. */
  forDispatch(scope: string): OverLimit | null {
    const excess = this.#ofDispatch.take(scope);
    return excess && { ...excess, limit: "callbacks_per_dispatch", detail: FOR_DISPATCH };
  }
}

const FROM_ADDRESS = "Too many callbacks come from this address; try again.";
const FOR_DISPATCH = "Too many callbacks come for this dispatch; try again.";
