import { randomBytes } from "node:crypto";
import {
  type CreateWebhook,
  type DeliveryDetail,
  type DeliveryQuery,
  type DeliveryView,
  formatSecret,
  type JsonObject,
  type PatchWebhook,
  STANDARD_HEADERS,
  type WebhookEndpointView,
} from "@mission-control/protocol";
import { newId } from "../ids.ts";
import type { DeliveryRecord } from "../store/deliveries.ts";
import type { RecordEdit, WebhookRecord } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import type { Clock } from "./clock.ts";
import { edited, rulesOf, tokensOf } from "./endpoint-edit.ts";
import { checkAnswers, checkRules, keptUrl } from "./endpoint-url.ts";
import { positionBefore } from "./event-time.ts";
import { deliveredJson } from "./log-source.ts";
import { messageOf } from "./message.ts";
import type { MessageSender } from "./sender.ts";
import { type WebhookChange, webhookEvent } from "./webhook-event.ts";
import { shownDelivery, shownWebhookUrl, viewOf } from "./webhook-views.ts";

/** So many endpoints there may be: each may have some requests under way, and deliveries that wait. */
const MAX_ENDPOINTS = 100;
/** So many deliveries of an endpoint may be asked for again before the first of them is taken up. */
const MAX_RESEND = 1000;
const SECRET_BYTES = 32;
const BY_OPERATOR = "It was switched off by the operator.";

/** What is asked for does not go with how things are; the message says why. */
export class WebhookConflictError extends Error {
  readonly code = "webhook_conflict";
  override name = "WebhookConflictError";
}

export interface WebhooksOptions {
  store: Store;
  sender: MessageSender;
  clock: Pick<Clock, "now">;
  /** Whether addresses may be sent to that are not public ones. */
  allowPrivate: boolean;
  /** Whether there is a mail server to send e-mails by. */
  canMail: boolean;
  publicUrl: () => string;
}

/** What operators do with webhook endpoints and deliveries. Whichever node delivers learns of it from the log. */
export class Webhooks {
  readonly #options: WebhooksOptions;

  constructor(options: WebhooksOptions) {
    this.#options = options;
  }

  /** Adds an endpoint, which gets all events from now on. @throws WebhookFieldError, WebhookConflictError */
  async create(given: CreateWebhook): Promise<WebhookEndpointView & { secret: string }> {
    const { store } = this.#options;
    const { url: givenUrl, format, description, answers, ...others } = given;
    const { botToken, appToken, quiet, digestMinutes, passes, ...filters } = others;
    const url = await keptUrl({ url: givenUrl, format }, undefined, this.#options);
    if ((await store.records("webhook")).length >= MAX_ENDPOINTS) {
      throw new WebhookConflictError(`There are ${MAX_ENDPOINTS} endpoints already: remove one first.`);
    }
    const at = this.#now();
    const secret = newSecret();
    const record: WebhookRecord = {
      id: newId("webhook"),
      url,
      ...(filters.types ? { types: filters.types } : {}),
      ...(filters.agentId === undefined ? {} : { agentId: filters.agentId }),
      ...(filters.tag === undefined ? {} : { tag: filters.tag }),
      ...(filters.notices ? { notices: filters.notices } : {}),
      ...(description === undefined ? {} : { description }),
      format,
      ...(answers ? { answers } : {}),
      ...rulesOf({}, { quiet, digestMinutes, passes }),
      ...tokensOf(format, undefined, { botToken, appToken }),
      secret,
      status: "active",
      position: (await store.range()).newest,
      skipped: 0,
      failingSince: null,
      lastDeliveredAt: null,
      createdAt: at,
      updatedAt: at,
    };
    checkAnswers(record);
    checkRules(record);
    await store.edit("webhook", record.id, () => ({ record, event: webhookEvent(record, "created", at) }));
    return { ...(await this.#view(record)), secret };
  }

  async list(): Promise<WebhookEndpointView[]> {
    const { store } = this.#options;
    const [records, waiting, { newest }] = await Promise.all([
      store.records("webhook"),
      store.waitingCounts(),
      store.range(),
    ]);
    return records.map((record) => viewOf(record, waiting.get(record.id) ?? 0, newest));
  }

  async get(id: string): Promise<WebhookEndpointView | null> {
    const record = await this.#options.store.record("webhook", id);
    return record && this.#view(record);
  }

  /**
   * Edits an endpoint, switches it off, or on again, which goes on where it stopped.
   * @returns null when there is no such endpoint
   * @throws WebhookFieldError
   */
  async update(id: string, fields: PatchWebhook): Promise<WebhookEndpointView | null> {
    const { url: given, enabled, ...others } = fields;
    const current = await this.#options.store.record("webhook", id);
    if (!current) return null;
    const { format } = others;
    const isMoved = given !== undefined || format !== undefined;
    const asked = {
      url: given ?? shownWebhookUrl(current.url, current.format),
      format: format ?? current.format,
    };
    const url = isMoved ? await keptUrl(asked, current, this.#options) : undefined;
    const after = edited(current, { ...others, url });
    checkAnswers(after);
    checkRules(after);
    const change = enabled === undefined ? "edited" : enabled ? "switched_on" : "switched_off";
    const record = await this.#edit(id, change, (before) => {
      const { statusReason, status, ...rest } = edited(before, { ...others, url });
      if (enabled === false) return { ...rest, status: "off", statusReason: BY_OPERATOR };
      if (enabled === true) return { ...rest, status: "active", failingSince: null };
      return { ...rest, status, ...(statusReason === undefined ? {} : { statusReason }) };
    });
    return record && this.#view(record);
  }

  /** @returns whether there was such an endpoint; its deliveries go with it */
  async remove(id: string): Promise<boolean> {
    const at = this.#now();
    const { eventId } = await this.#options.store.edit("webhook", id, (current) => {
      return current ? { record: null, event: webhookEvent(current, "deleted", at) } : { record: null };
    });
    return eventId !== null;
  }

  /**
   * Gives an endpoint a new secret; the one it had signs beside it for a while.
   * @returns null when there is no such endpoint
   */
  async rotateSecret(
    id: string,
    overlapSeconds: number,
  ): Promise<(WebhookEndpointView & { secret: string }) | null> {
    const secret = newSecret();
    const until = new Date(this.#options.clock.now().getTime() + overlapSeconds * 1000).toISOString();
    const record = await this.#edit(id, "secret_rotated", (before) => ({
      ...before,
      secret,
      previousSecret: { secret: before.secret, until },
    }));
    return record && { ...(await this.#view(record)), secret };
  }

  /**
   * Has all events sent again that were stored since a moment, each under the id it had.
   * @param since the id of the first one, or a time
   * @returns null when there is no such endpoint
   */
  async replay(id: string, since: number | string): Promise<WebhookEndpointView | null> {
    const { store } = this.#options;
    const replayAfter =
      typeof since === "number" ? Math.max(0, since - 1) : await positionBefore(store, since);
    const { newest } = await store.range();
    if (replayAfter > newest) {
      throw new WebhookConflictError(`There is no event ${since} yet: the newest one is ${newest}.`);
    }
    const more = { after: replayAfter };
    const record = await this.#edit(id, "replayed", (before) => ({ ...before, replayAfter }), more);
    return record && this.#view(record);
  }

  /**
   * Sends one message that is no event, at once and without repeats, and tells what came of it.
   * @returns null when there is no such endpoint
   */
  async test(id: string): Promise<DeliveryView | null> {
    const { store, sender, publicUrl } = this.#options;
    const record = await store.record("webhook", id);
    if (!record) return null;
    const at = this.#now();
    const testId = newId("test");
    const event = {
      id: 0,
      type: "webhook",
      message: TEST,
      data: { change: "test" },
      timestamp: at,
      receivedAt: at,
    };
    const json = JSON.stringify(event);
    const message = await messageOf(store, record, json, publicUrl());
    const deliveryId = `${id}.${testId}`;
    const { made, isDelivered } = await sender.send(
      record,
      deliveryId,
      message,
      new AbortController().signal,
    );
    const delivery: DeliveryRecord = {
      id: deliveryId,
      endpointId: id,
      eventId: null,
      eventType: "test",
      state: isDelivered ? "delivered" : "failed",
      tries: [made],
      tryCount: 1,
      failures: 0,
      bytes: json.length,
      lane: testId,
      createdAt: at,
      updatedAt: this.#now(),
    };
    await store.edit("webhook", id, (current) =>
      current ? { record: current, deliveries: [{ ...delivery, event: json }] } : { record: null },
    );
    return shownDelivery(delivery);
  }

  /** @throws InvalidCursorError */
  async deliveries(query: DeliveryQuery): Promise<{ items: DeliveryView[]; nextCursor: string | null }> {
    const { items, nextCursor } = await this.#options.store.deliveries(query);
    return { items: items.map(shownDelivery), nextCursor };
  }

  /** A delivery with what is sent, as far as it is still kept; null when there is none. */
  async delivery(id: string): Promise<DeliveryDetail | null> {
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
    return { ...shownDelivery(delivery), request: { url, headers, body: message?.body ?? null } };
  }

  /**
   * Has a delivery tried again at once, under the id it has.
   * @returns the delivery as it is before; null when there is none
   * @throws WebhookConflictError when it cannot be sent
   */
  async resend(id: string): Promise<DeliveryView | null> {
    const delivery = await this.#options.store.delivery(id);
    if (!delivery) return null;
    if (delivery.eventType === "test")
      throw new WebhookConflictError("A test is not sent again: make another.");
    if ((await deliveredJson(this.#options.store, delivery)) === null) {
      throw new WebhookConflictError("Its event is not kept any more, and cannot be sent again.");
    }
    const more = { deliveryId: id };
    const record = await this.#edit(
      delivery.endpointId,
      "resent",
      (before) => {
        if (before.status === "off") return "The endpoint is switched off: switch it on first.";
        const resend = [...new Set([...(before.resend ?? []), id])];
        if (resend.length > MAX_RESEND) return "Too many deliveries wait to be sent again: try again later.";
        return { ...before, resend };
      },
      more,
    );
    return record && shownDelivery(delivery);
  }

  /** @param make the edited record, or why it cannot be edited */
  async #edit(
    id: string,
    change: WebhookChange,
    make: (before: WebhookRecord) => WebhookRecord | string,
    more: JsonObject = {},
  ): Promise<WebhookRecord | null> {
    const at = this.#now();
    const { record, refusal } = await this.#options.store.edit(
      "webhook",
      id,
      (current): RecordEdit<WebhookRecord> => {
        if (!current) return { record: null };
        const edited = make(current);
        if (typeof edited === "string") return { refusal: { code: "conflict", detail: edited } };
        return { record: { ...edited, updatedAt: at }, event: webhookEvent(edited, change, at, more) };
      },
    );
    if (refusal) throw new WebhookConflictError(refusal.detail);
    return record;
  }

  async #view(record: WebhookRecord): Promise<WebhookEndpointView> {
    const { store } = this.#options;
    const [waiting, { newest }] = await Promise.all([store.waitingCounts(), store.range()]);
    return viewOf(record, waiting.get(record.id) ?? 0, newest);
  }

  #now(): string {
    return this.#options.clock.now().toISOString();
  }
}

const TEST = "A test of this webhook: nothing happened.";

function newSecret(): string {
  return formatSecret(randomBytes(SECRET_BYTES));
}
