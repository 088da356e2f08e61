import { pause } from "./abortable.ts";
import type { Lease, Store } from "./store/store.ts";

export interface LeasedWorkOptions {
  store: Pick<Store, "lease">;
  /** Name of the lease. */
  name: string;
  /** Works for as long as the signal, which is aborted when the lease is lost or the work closed, is not. */
  work: (lease: Lease, signal: AbortSignal) => Promise<void>;
  /** Called while another node has the lease; see `Store.lease`. */
  holderMissed?: (fence: number) => void;
  /** Called with why the lease or the work failed. */
  failed: (error: unknown) => void;
  /** After a failure, until the lease is asked for again; in milliseconds. */
  pauseMs: number;
}

/** Work that one node does at a time: whichever has its lease. Begins at once, and again after a failure. */
export class LeasedWork {
  readonly #options: LeasedWorkOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: LeasedWorkOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Ends the work, and gives the lease back. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { store, name, work, holderMissed, failed, pauseMs } = this.#options;
    while (!signal.aborted) {
      try {
        const lease = await store.lease(name, signal, holderMissed);
        await work(lease, AbortSignal.any([signal, lease.lost])).finally(() => lease.release());
      } catch (error) {
        if (signal.aborted) return;
        failed(error);
        await pause(pauseMs, signal);
      }
    }
  }
}
