import {
  type DeliveryDetail,
  type DeliveryQuery,
  type DeliveryView,
  STANDARD_HEADERS,
} from "@mission-control/protocol";
import { newId } from "../ids.ts";
import type { DeliveryRecord } from "../store/deliveries.ts";
import type { Store } from "../store/store.ts";
import type { Clock } from "./clock.ts";
import { deliveredJson } from "./log-source.ts";
import { messageOf } from "./message.ts";
import type { MessageSender } from "./sender.ts";
import { editWebhook, WebhookConflictError } from "./webhook-edit.ts";
import { shownDelivery, shownWebhookUrl } from "./webhook-views.ts";

/** So many deliveries of an endpoint may be asked for again before the first of them is taken up. */
const MAX_RESEND = 1000;
const TEST = "A test of this webhook: nothing happened.";

export interface WebhookDeliveriesOptions {
  store: Store;
  sender: MessageSender;
  clock: Pick<Clock, "now">;
  publicUrl: () => string;
}

/** What operators see of deliveries, and do with them. */
export class WebhookDeliveries {
  readonly #options: WebhookDeliveriesOptions;

  constructor(options: WebhookDeliveriesOptions) {
    this.#options = options;
  }

  /** Newest first. @throws InvalidCursorError */
  async list(query: DeliveryQuery): Promise<{ items: DeliveryView[]; nextCursor: string | null }> {
    const { store } = this.#options;
    const [{ items, nextCursor }, endpoints] = await Promise.all([
      store.deliveries(query),
      store.records("webhook"),
    ]);
    const off = new Set(endpoints.filter(({ status }) => status === "off").map(({ id }) => id));
    return {
      items: items.map((delivery) => shownDelivery(delivery, off.has(delivery.endpointId))),
      nextCursor,
    };
  }

  /** A delivery with what is sent, as far as it is still kept; null when there is none. */
  async get(id: string): Promise<DeliveryDetail | null> {
    const { store, publicUrl } = this.#options;
    const delivery = await store.delivery(id);
    const endpoint = delivery && (await store.record("webhook", delivery.endpointId));
    if (!endpoint) return null;
    const json = await deliveredJson(this.#options.store, delivery);
    const message = json === null ? null : await messageOf(store, endpoint, json, publicUrl());
    const headers = {
      [STANDARD_HEADERS.id]: id,
      ...(message ? { "content-type": message.contentType } : {}),
      ...(message?.mail ? { subject: message.mail.subject } : {}),
    };
    const url = shownWebhookUrl(endpoint.url, endpoint.format);
    return {
      ...shownDelivery(delivery, endpoint.status === "off"),
      request: { url, headers, body: message?.body ?? null },
    };
  }

  /**
   * Has a delivery tried again at once, under the id it has.
   * @returns the delivery as it is before; null when there is none
   * @throws WebhookConflictError when it cannot be sent
   */
  async resend(id: string): Promise<DeliveryView | null> {
    const { store } = this.#options;
    const delivery = await store.delivery(id);
    if (!delivery) return null;
    if (delivery.eventType === "test") {
      throw new WebhookConflictError("A test is not sent again: make another.");
    }
    if ((await deliveredJson(store, delivery)) === null) {
      throw new WebhookConflictError("Its event is not kept any more, and cannot be sent again.");
    }
    const record = await editWebhook(store, {
      id: delivery.endpointId,
      change: "resent",
      at: this.#now(),
      more: { deliveryId: id },
      make: (before) => {
        if (before.status === "off") {
          return new WebhookConflictError("The endpoint is switched off: switch it on first.");
        }
        const resend = [...new Set([...(before.resend ?? []), id])];
        if (resend.length <= MAX_RESEND) return { ...before, resend };
        return new WebhookConflictError("Too many deliveries wait to be sent again: try again later.");
      },
    });
    return record && shownDelivery(delivery, false);
  }

  /**
   * Sends one message that is no event, at once and without repeats, and tells what came of it.
   * @returns null when there is no such endpoint
   */
  async test(endpointId: string): Promise<DeliveryView | null> {
    const { store, sender, publicUrl } = this.#options;
    const record = await store.record("webhook", endpointId);
    if (!record) return null;
    const at = this.#now();
    const lane = newId("test");
    const data = { change: "test" };
    const json = JSON.stringify({
      id: 0,
      type: "webhook",
      message: TEST,
      data,
      timestamp: at,
      receivedAt: at,
    });
    const message = await messageOf(store, record, json, publicUrl());
    const id = `${endpointId}.${lane}`;
    const { made, isDelivered } = await sender.send(record, id, message, new AbortController().signal);
    const delivery: DeliveryRecord = {
      id,
      endpointId,
      eventId: null,
      eventType: "test",
      state: isDelivered ? "delivered" : "failed",
      tries: [made],
      tryCount: 1,
      failures: 0,
      bytes: json.length,
      lane,
      createdAt: at,
      updatedAt: this.#now(),
    };
    await store.edit("webhook", endpointId, (current) =>
      current ? { record: current, deliveries: [{ ...delivery, event: json }] } : { record: null },
    );
    return shownDelivery(delivery, false);
  }

  #now(): string {
    return this.#options.clock.now().toISOString();
  }
}
