import { LeaseLines } from "../lease-lines.ts";
import type { Lease } from "../store.ts";

/**
 * Leases of a store that belongs to one process: whoever asks in this process gets it, one after the other. The file's
 * own lock keeps every other process out.
 */
export class Leases {
  readonly #lines = new LeaseLines();
  readonly #fences = new Map<string, number>();
  #granted = 0;

  /** The fencing number of a lease that is held; null while it is not. */
  fence(name: string): number | null {
    return this.#fences.get(name) ?? null;
  }

  /** @see Store.lease */
  async grant(name: string, signal: AbortSignal): Promise<Lease> {
    const leave = await this.#lines.reachFront(name, signal);
    const fence = ++this.#granted;
    this.#fences.set(name, fence);
    const lost = new AbortController();
    return {
      token: { name, fence },
      lost: lost.signal,
      release: async () => {
        if (this.#fences.get(name) !== fence) return;
        this.#fences.delete(name);
        lost.abort();
        leave();
      },
    };
  }
}
