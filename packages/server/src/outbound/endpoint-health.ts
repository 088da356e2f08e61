import type { WebhookRecord } from "../store/records.ts";
import type { DeliveryLedger } from "./delivery-ledger.ts";
import { LONGEST_WAIT_MS, RECOVERED_AFTER_MS, verdictOn } from "./retry-schedule.ts";
import type { TryResult } from "./sender.ts";
import { type WebhookChange, webhookEvent } from "./webhook-event.ts";

const PAUSED =
  "Every try has failed for a day. It is tried once an hour; all that waits is sent when it answers.";
const OFF =
  "Every try has failed for five days. Switch it on again to send all that waits, as far as it is kept.";
const GONE = "It answered that it is gone for good (HTTP 410).";

/** How an endpoint does, by what its latest tries came to: whether it is paused or switched off, and whether that is to be announced. */
export class EndpointHealth {
  readonly #ledger: Pick<DeliveryLedger, "note">;
  readonly #endpoint: WebhookRecord;
  #status: WebhookRecord["status"];
  #failingSince: string | null;
  #notBefore = 0;

  constructor(endpoint: WebhookRecord, ledger: Pick<DeliveryLedger, "note">) {
    this.#endpoint = endpoint;
    this.#ledger = ledger;
    this.#status = endpoint.status;
    this.#failingSince = endpoint.failingSince;
  }

  get status(): WebhookRecord["status"] {
    return this.#status;
  }

  /** Nothing is sent before, in Unix milliseconds: the receiver asked for it. */
  get notBefore(): number {
    return this.#notBefore;
  }

  /** It is at another address: what the one before it asked for says nothing of this one. */
  moved(): void {
    this.#notBefore = 0;
  }

  /** A try was answered as it should be. @returns whether the endpoint is back after it was away for a while */
  worked(now: Date): boolean {
    const since = this.#failingSince;
    const isBack = since !== null && now.getTime() - Date.parse(since) >= RECOVERED_AFTER_MS;
    this.#failingSince = null;
    this.#ledger.note({ lastDeliveredAt: now.toISOString(), failingSince: null });
    if (this.#status === "paused") this.resume(now);
    return isBack;
  }

  /** A try failed. */
  failed(now: Date, { made, isGone, retryAfterMs }: TryResult): void {
    if (retryAfterMs !== undefined && (made.status === 429 || made.status === 503)) {
      this.#notBefore = now.getTime() + Math.min(retryAfterMs, LONGEST_WAIT_MS);
    }
    if (this.#failingSince === null) {
      this.#failingSince = now.toISOString();
      this.#ledger.note({ failingSince: this.#failingSince });
    }
    const verdict = isGone ? "switch off" : verdictOn(new Date(this.#failingSince), now);
    if (verdict === "switch off" && this.#status !== "off") {
      this.#become("off", "switched_off", now, isGone ? GONE : OFF);
    } else if (verdict === "pause" && this.#status === "active") {
      this.#become("paused", "paused", now, PAUSED);
    }
  }

  /** It is tried as ever again. */
  resume(now: Date): void {
    this.#become("active", "resumed", now);
  }

  #become(status: WebhookRecord["status"], change: WebhookChange, now: Date, reason?: string): void {
    this.#status = status;
    const more = reason === undefined ? {} : { reason };
    const event = webhookEvent(this.#endpoint, change, now.toISOString(), more);
    this.#ledger.note({ status, statusReason: reason }, event);
  }
}
