import { pause } from "./abortable.ts";
import { LeasedWork } from "./leased-work.ts";
import type { Logger } from "./logger.ts";
import type { Contents } from "./store/contents.ts";
import type { Store } from "./store/store.ts";

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
  readonly #work: LeasedWork;

  constructor(options: ArtifactUpkeepOptions) {
    this.#options = options;
    const { store, logger, intervalMs = INTERVAL_MS } = options;
    this.#work = new LeasedWork({
      store,
      name: LEASE,
      work: (_lease, signal) => this.#clean(signal),
      failed: (error) => logger.error({ err: error }, "contents that no artifact needs could not be removed"),
      pauseMs: intervalMs,
    });
  }

  close(): Promise<void> {
    return this.#work.close();
  }

  async #clean(signal: AbortSignal): Promise<void> {
    const { store, contents, intervalMs = INTERVAL_MS } = this.#options;
    while (!signal.aborted) {
      await contents.clean((sha256s) => store.contentsInUse(sha256s));
      await pause(intervalMs, signal);
    }
  }
}
