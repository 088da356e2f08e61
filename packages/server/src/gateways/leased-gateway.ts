import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "../logger.ts";
import type { LeaseToken } from "../store/plan.ts";
import type { Lease, Store } from "../store/store.ts";
import type { ConnectedAdapter } from "./gateway-kind.ts";

const AFTER_ERROR_MS = 1000;

export interface LeasedGatewayOptions {
  id: string;
  store: Pick<Store, "lease">;
  logger: Pick<Logger, "error">;
  open: () => ConnectedAdapter;
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
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: LeasedGatewayOptions) {
    this.#options = options;
    this.adapter = options.open();
    this.#running = this.#run();
  }

  /** Disconnects, and then gives the lease back. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { store, id, logger, open } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        const lease = await store.lease(`gateway:${id}`, signal);
        await this.#hold(lease).finally(() => lease.release());
        if (!signal.aborted) this.adapter = open();
      } catch (error) {
        if (signal.aborted) break;
        logger.error({ err: error, gatewayId: id }, "a gateway's lease failed");
        await wait(AFTER_ERROR_MS, undefined, { signal, ref: false }).catch(() => {});
      }
    }
    await this.adapter.close();
  }

  async #hold({ token, lost }: Lease): Promise<void> {
    const ended = AbortSignal.any([this.#stop.signal, lost]);
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
