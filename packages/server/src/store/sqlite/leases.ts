import type { Lease } from "../store.ts";

/**
 * Leases of a store that belongs to one process: whoever asks in this process gets it, one after the other. The file's
 * own lock keeps every other process out.
 */
export class Leases {
  /** Who holds each lease, and who waits for it, in order. */
  readonly #lines = new Map<string, Promise<void>>();
  readonly #fences = new Map<string, number>();
  #granted = 0;

  /** The fencing number of a lease that is held; null while it is not. */
  fence(name: string): number | null {
    return this.#fences.get(name) ?? null;
  }

  /** @see Store.lease */
  async grant(name: string, signal: AbortSignal): Promise<Lease> {
    const before = this.#lines.get(name) ?? Promise.resolve();
    const turn = Promise.withResolvers<void>();
    const line = before.then(() => turn.promise);
    this.#lines.set(name, line);
    const leave = () => {
      turn.resolve();
      if (this.#lines.get(name) === line) this.#lines.delete(name);
    };
    try {
      await untilAborted(before, signal);
    } catch (error) {
      leave();
      throw error;
    }
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

/** @throws the signal's reason, when it is aborted first */
function untilAborted(ready: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    void ready.then(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    });
  });
}
