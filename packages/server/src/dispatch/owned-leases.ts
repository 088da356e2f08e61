import type { LeaseToken } from "../store/plan.ts";
import type { Lease, Store } from "../store/store.ts";

/** The leases that this node holds, each asked for when it is first needed and kept until it is lost or the end. */
export class OwnedLeases {
  readonly #store: Pick<Store, "lease">;
  readonly #leases = new Map<string, Promise<Lease>>();
  readonly #stop = new AbortController();

  constructor(store: Pick<Store, "lease">) {
    this.#store = store;
  }

  /** Resolves once the lease is ours. @throws the abort reason once closed */
  async own(name: string): Promise<LeaseToken> {
    const known = this.#leases.get(name);
    const asked = known ?? this.#ask(name);
    return (await asked).token;
  }

  /** Gives all of them back. */
  async close(): Promise<void> {
    this.#stop.abort();
    const settled = await Promise.allSettled(this.#leases.values());
    for (const one of settled) if (one.status === "fulfilled") await one.value.release();
  }

  #ask(name: string): Promise<Lease> {
    const asked = this.#store.lease(name, this.#stop.signal);
    this.#leases.set(name, asked);
    const forget = () => {
      if (this.#leases.get(name) === asked) this.#leases.delete(name);
    };
    asked.then((lease) => lease.lost.addEventListener("abort", forget, { once: true }), forget);
    return asked;
  }
}
