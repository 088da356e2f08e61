import { LeasedWork } from "../leased-work.ts";
import type { Logger } from "../logger.ts";
import type { Metrics } from "../metrics.ts";
import { decodeFrame } from "../store/event-frame.ts";
import type { WebhookRecord } from "../store/records.ts";
import type { Lease, LogEntry, Store } from "../store/store.ts";
import type { Clock } from "./clock.ts";
import { type DeliveryParts, EndpointDelivery } from "./endpoint-delivery.ts";
import { LogSource } from "./log-source.ts";
import { SendPace } from "./send-pace.ts";
import type { MessageSender } from "./sender.ts";
import { TaskTags } from "./task-tags.ts";
import type { WebhookChange } from "./webhook-event.ts";

/** The lease under which webhooks are delivered: one node does. */
const LEASE = "outbound";
const AFTER_ERROR_MS = 1000;
/** When the server stops, requests under way are waited for so long. */
const PATIENCE_MS = 1000;
/** Between two looks for deliveries that were kept long enough. */
const PRUNE_EVERY_MS = 3600_000;

export interface OutboundOptions {
  store: Store;
  sender: MessageSender;
  clock: Clock;
  logger: Pick<Logger, "error">;
  metrics: Pick<Metrics, "webhookTried">;
  publicUrl: () => string;
}

/** Delivers the log to webhook endpoints, for as long as this node has the lease: a follower of the log. */
export class Outbound {
  readonly #options: OutboundOptions;
  readonly #work: LeasedWork;

  constructor(options: OutboundOptions) {
    this.#options = options;
    this.#work = new LeasedWork({
      store: options.store,
      name: LEASE,
      work: (lease, signal) => this.#hold(lease, signal),
      failed: (error) => options.logger.error({ err: error }, "webhooks could not be delivered"),
      pauseMs: AFTER_ERROR_MS,
    });
  }

  /** Ends what is under way, writes how far it has come, and gives the lease back. */
  close(): Promise<void> {
    return this.#work.close();
  }

  async #hold({ token, lost }: Lease, ended: AbortSignal): Promise<void> {
    const { store } = this.#options;
    const { newest } = await store.range();
    const endpoints = new Endpoints({ ...this.#options, token, newest });
    try {
      // Read after the position that is followed from: a change that comes meanwhile is met twice, and never missed.
      for (const { id } of await store.records("webhook")) endpoints.reopen(id);
      if (!ended.aborted) {
        await new Promise((resolve) => ended.addEventListener("abort", resolve, { once: true }));
      }
    } finally {
      // Who has lost the lease may not go on: another node has begun.
      await endpoints.close(lost.aborted ? 0 : PATIENCE_MS);
    }
  }
}

/** The endpoints of a node while it has the lease. */
class Endpoints {
  readonly #parts: DeliveryParts;
  readonly #open = new Map<string, EndpointDelivery>();
  /** What is being done with each endpoint, one thing after the other. */
  readonly #doing = new Map<string, Promise<void>>();
  readonly #follower;
  #pruning: { cancel(): void };
  #isClosed = false;

  constructor(options: OutboundOptions & Pick<DeliveryParts, "token"> & { newest: number }) {
    const { newest, ...others } = options;
    const { store } = options;
    const source = new LogSource(store, newest);
    this.#parts = { ...others, source, tags: new TaskTags(store), pace: new SendPace() };
    this.#follower = store.follow(newest, (entries) => this.#follow(entries));
    this.#pruning = this.#pruneLater();
  }

  /** Begins to deliver to an endpoint as it is stored now, or ends it where it is off or gone. */
  reopen(id: string): void {
    this.#do(id, async () => {
      await this.#open.get(id)?.close(0);
      this.#open.delete(id);
      const record = await this.#parts.store.record("webhook", id);
      if (!record || record.status === "off" || this.#isClosed) return;
      this.#open.set(id, await EndpointDelivery.open(this.#parts, record));
    });
  }

  /** @param patience requests under way are waited for so long, in milliseconds */
  async close(patience: number): Promise<void> {
    this.#isClosed = true;
    this.#follower.close();
    this.#pruning.cancel();
    await Promise.all(this.#doing.values());
    await Promise.all([...this.#open.values()].map((endpoint) => endpoint.close(patience)));
  }

  #follow(entries: readonly LogEntry[]): void {
    for (const entry of entries) if (entry.type === "webhook") this.#followChange(entry);
    const isRead = this.#open.size > 0;
    this.#parts.source.follow(entries, isRead);
    if (!isRead) return;
    this.#parts.tags.follow(entries);
    for (const endpoint of this.#open.values()) endpoint.wake();
  }

  #followChange({ frame, change }: LogEntry): void {
    const what = decodeFrame(frame).data.change as WebhookChange;
    // These are its own doing.
    if (what === "paused" || what === "resumed") return;
    for (const { kind, id, record } of change?.records ?? []) {
      if (kind !== "webhook") continue;
      if (what === "edited" || what === "secret_rotated" || what === "resent") {
        this.#do(id, async () => this.#open.get(id)?.update(record as WebhookRecord));
      } else this.reopen(id);
    }
  }

  #do(id: string, what: () => Promise<void>): void {
    const done = (this.#doing.get(id) ?? Promise.resolve())
      .then(what)
      .catch((error: unknown) => {
        if (this.#isClosed) return;
        this.#parts.logger.error({ err: error, webhookId: id }, "a webhook's endpoint could not be taken up");
        this.#parts.clock.after(AFTER_ERROR_MS, () => this.reopen(id));
      })
      .finally(() => {
        if (this.#doing.get(id) === done) this.#doing.delete(id);
      });
    this.#doing.set(id, done);
  }

  #pruneLater(): { cancel(): void } {
    return this.#parts.clock.after(PRUNE_EVERY_MS, () => {
      for (const endpoint of this.#open.values()) void endpoint.prune();
      this.#pruning = this.#pruneLater();
    });
  }
}
