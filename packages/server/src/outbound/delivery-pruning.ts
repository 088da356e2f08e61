import type { Logger } from "../logger.ts";
import type { LeaseToken } from "../store/operations.ts";
import type { Store } from "../store/store.ts";
import type { Clock } from "./clock.ts";

/** Of deliveries that are over, so many are kept, for so long; they are pruned after so many more. */
const KEPT = { deliveries: 1000, ms: 7 * 24 * 3600_000, pruneEvery: 250, rows: 1000 };

export interface DeliveryPruningParts {
  store: Pick<Store, "pruneDeliveries">;
  clock: Pick<Clock, "now">;
  logger: Pick<Logger, "error">;
  /** The lease under which they are removed. */
  token: LeaseToken;
}

/** Removes the deliveries of one endpoint that have been over for long. */
export class DeliveryPruning {
  readonly #parts: DeliveryPruningParts;
  readonly #endpointId: string;
  readonly #ended: AbortSignal;
  #over = 0;

  /** @param ended aborted when the endpoint is delivered to no more: a failure is of no interest then */
  constructor(parts: DeliveryPruningParts, endpointId: string, ended: AbortSignal) {
    this.#parts = parts;
    this.#endpointId = endpointId;
    this.#ended = ended;
  }

  /** One more is over. */
  over(): void {
    if (++this.#over >= KEPT.pruneEvery) void this.prune();
  }

  /** Removes what has been kept for long enough. Never rejects. */
  async prune(): Promise<void> {
    this.#over = 0;
    const { store, clock, token: under, logger } = this.#parts;
    const endpointId = this.#endpointId;
    const before = new Date(clock.now().getTime() - KEPT.ms).toISOString();
    const policy = { endpointId, keep: KEPT.deliveries, before, rows: KEPT.rows, under };
    await store.pruneDeliveries(policy).catch((error: unknown) => {
      if (this.#ended.aborted) return;
      logger.error({ err: error, webhookId: endpointId }, "old deliveries could not be removed");
    });
  }
}
