import type { LeaseToken } from "../../src/store/operations.ts";
import type { Lease, Store } from "../../src/store/store.ts";

/**
 * Several nodes on one store, whose leases lapse when a test says so, as one does that could not be renewed: whoever
 * waits for it gets it, and the one that had it does not know yet.
 */
export class LapsingLeases {
  readonly #store: Store;
  readonly #waiting = new Map<string, Set<(fence: number) => void>>();
  readonly #held = new Map<string, { real: Lease; lost: AbortController }>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** The store as one more node has it. */
  node(): Store {
    return new Proxy(this.#store, {
      get: (target, name: keyof Store) => {
        if (name === "lease") return (...args: Parameters<Store["lease"]>) => this.#lease(...args);
        const value: unknown = target[name];
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  /**
   * Lets a lease lapse.
   * @returns the lease as it was, and how to let the node that had it know
   */
  async lapse(name: string): Promise<{ token: LeaseToken; letKnow: () => void }> {
    const held = this.#held.get(name);
    if (!held) throw new Error(`Nobody holds ${name}.`);
    await held.real.release();
    return { token: held.real.token, letKnow: () => held.lost.abort() };
  }

  /** Lets those who wait for a lease know that whoever has it does not renew it in time. */
  miss(name: string): void {
    const fence = this.#held.get(name)?.real.token.fence;
    if (fence === undefined) throw new Error(`Nobody holds ${name}.`);
    for (const holderMissed of this.#waiting.get(name) ?? []) holderMissed(fence);
  }

  async #lease(name: string, signal: AbortSignal, holderMissed = (_fence: number) => {}): Promise<Lease> {
    const waiting = this.#waiting.get(name) ?? new Set();
    this.#waiting.set(name, waiting.add(holderMissed));
    const real = await this.#store.lease(name, signal).finally(() => waiting.delete(holderMissed));
    const lost = new AbortController();
    this.#held.set(name, { real, lost });
    const release = async () => {
      await real.release();
      lost.abort();
    };
    return { token: real.token, lost: lost.signal, release };
  }
}
