import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "./logger.ts";
import type { Contents } from "./store/contents.ts";
import type { Lease, Store } from "./store/store.ts";

/** Between two looks for contents that nothing refers to, in milliseconds. */
const INTERVAL_MS = 10 * 60_000;

/** The lease under which they are looked for: one node at a time does. */
const LEASE = "artifacts";

export interface ArtifactUpkeepOptions {
  store: Pick<Store, "lease" | "contentsInUse">;
  contents: Pick<Contents, "clean">;
  logger: Logger;
  /** Default ten minutes. */
  intervalMs?: number;
}

/** Removes the contents of artifacts whose tasks were deleted, and those that no commit came to refer to. */
export class ArtifactUpkeep {
  readonly #options: ArtifactUpkeepOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: ArtifactUpkeepOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { store, logger, intervalMs = INTERVAL_MS } = this.#options;
    while (!signal.aborted) {
      try {
        const lease = await store.lease(LEASE, signal);
        await this.#clean(lease).finally(() => lease.release());
      } catch (error) {
        if (signal.aborted) return;
        logger.error({ err: error }, "contents of artifacts that nothing needs could not be removed");
        await wait(intervalMs, undefined, { signal, ref: false }).catch(() => {});
      }
    }
  }

  async #clean({ lost }: Lease): Promise<void> {
    const { store, contents, intervalMs = INTERVAL_MS } = this.#options;
    const signal = AbortSignal.any([this.#stop.signal, lost]);
    while (!signal.aborted) {
      await contents.clean((sha256s) => store.contentsInUse(sha256s));
      await wait(intervalMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }
}
