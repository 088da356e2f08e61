import { LeasedWork } from "../leased-work.ts";
import type { Logger } from "../logger.ts";
import type { LeaseToken } from "../store/operations.ts";
import type { Store } from "../store/store.ts";
import type { ConnectedAdapter } from "./gateway-kind.ts";

const AFTER_ERROR_MS = 1000;

export interface LeasedGatewayOptions {
  id: string;
  store: Pick<Store, "lease">;
  logger: Pick<Logger, "error">;
  open: () => ConnectedAdapter;
  /** The node that has the lease is missed, which it has under this fence; see `Store.lease`. */
  onHolderMissed: (fence: number) => void;
  /** The lease has become ours. */
  onGained: () => void;
  /** The lease is not ours any more: what goes through the connection has to end before that is closed. */
  onLost: () => Promise<void>;
}

/** One gateway on this node: connected for as long as this node holds the gateway's lease, and one node at a time does. */
export class LeasedGateway {
  /** The way to its agents; a new one after each loss of the lease. */
  adapter: ConnectedAdapter;
  /** The lease, while it is ours. */
  lease: LeaseToken | null = null;
  readonly #options: LeasedGatewayOptions;
  readonly #work: LeasedWork;

  constructor(options: LeasedGatewayOptions) {
    this.#options = options;
    const { store, id, logger, open, onHolderMissed } = options;
    this.adapter = open();
    this.#work = new LeasedWork({
      store,
      name: `gateway:${id}`,
      work: async ({ token, lost }, ended) => {
        await this.#hold(token, ended);
        if (lost.aborted) this.adapter = open();
      },
      holderMissed: onHolderMissed,
      failed: (error) => logger.error({ err: error, gatewayId: id }, "a gateway's lease failed"),
      pauseMs: AFTER_ERROR_MS,
    });
  }

  /** Disconnects, and then gives the lease back. */
  async close(): Promise<void> {
    await this.#work.close();
    await this.adapter.close();
  }

  async #hold(token: LeaseToken, ended: AbortSignal): Promise<void> {
    if (!ended.aborted) {
      this.lease = token;
      this.adapter.start();
      this.#options.onGained();
      await new Promise((resolve) => ended.addEventListener("abort", resolve, { once: true }));
    }
    this.lease = null;
    await this.#options.onLost();
    await this.adapter.close();
  }
}
