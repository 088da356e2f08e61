import { randomBytes } from "node:crypto";
import {
  type CreateWebhook,
  formatSecret,
  type PatchWebhook,
  type WebhookEndpointView,
} from "@mission-control/protocol";
import { newId } from "../ids.ts";
import type { WebhookRecord } from "../store/records.ts";
import { edited, rulesOf, tokensOf } from "./endpoint-edit.ts";
import { listFilters } from "./endpoint-filters.ts";
import { checkAnswers, checkRules, keptUrl } from "./endpoint-url.ts";
import { positionBefore } from "./event-time.ts";
import { WebhookDeliveries, type WebhookDeliveriesOptions } from "./webhook-deliveries.ts";
import { editWebhook, WebhookChangedError, WebhookConflictError } from "./webhook-edit.ts";
import { webhookEvent } from "./webhook-event.ts";
import { shownWebhookUrl, viewOf } from "./webhook-views.ts";

/** So many endpoints there may be: each may have some requests under way, and deliveries that wait. */
const MAX_ENDPOINTS = 100;
const SECRET_BYTES = 32;
const BY_OPERATOR = "It was switched off by the operator.";

export interface WebhooksOptions extends WebhookDeliveriesOptions {
  /** Whether addresses may be sent to that are not public ones. */
  allowPrivate: boolean;
  /** Whether there is a mail server to send e-mails by. */
  canMail: boolean;
}

/** What operators do with webhook endpoints. Whichever node delivers learns of it from the log. */
export class Webhooks {
  readonly deliveries: WebhookDeliveries;
  readonly #options: WebhooksOptions;

  constructor(options: WebhooksOptions) {
    this.#options = options;
    this.deliveries = new WebhookDeliveries(options);
  }

  /** Adds an endpoint, which gets all events from now on. @throws WebhookFieldError, WebhookConflictError */
  async create(given: CreateWebhook): Promise<WebhookEndpointView & { secret: string }> {
    const { store } = this.#options;
    const { url: givenUrl, format, types, notices, description, answers, botToken, appToken } = given;
    const url = await keptUrl({ url: givenUrl, format }, undefined, this.#options);
    if ((await store.records("webhook")).length >= MAX_ENDPOINTS) {
      throw new WebhookConflictError(`There are ${MAX_ENDPOINTS} endpoints already: remove one first.`);
    }
    const at = this.#now();
    const secret = newSecret();
    const record: WebhookRecord = {
      id: newId("webhook"),
      url,
      ...(types ? { types } : {}),
      ...listFilters({}, given),
      ...(notices ? { notices } : {}),
      ...(description === undefined ? {} : { description }),
      format,
      ...(answers ? { answers } : {}),
      ...rulesOf({}, given),
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
    const [records, waiting, range] = await Promise.all([
      store.records("webhook"),
      store.waitingCounts(),
      store.range(),
    ]);
    return records.map((record) => viewOf(record, waiting.get(record.id) ?? 0, range));
  }

  async get(id: string): Promise<WebhookEndpointView | null> {
    const record = await this.#options.store.record("webhook", id);
    return record && this.#view(record);
  }

  /**
   * Edits an endpoint, switches it off, or on again, which goes on where it stopped.
   * @param seenAt `updatedAt` of the endpoint as whoever edits it has seen it; not given, it may be as it is
   * @returns null when there is no such endpoint
   * @throws WebhookFieldError, WebhookChangedError
   */
  async update(id: string, fields: PatchWebhook, seenAt?: string): Promise<WebhookEndpointView | null> {
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
    const make = (before: WebhookRecord) => {
      if (seenAt !== undefined && before.updatedAt !== seenAt) return new WebhookChangedError();
      const { statusReason, status, ...rest } = edited(before, { ...others, url });
      if (enabled === false) return { ...rest, status: "off" as const, statusReason: BY_OPERATOR };
      if (enabled === true) return { ...rest, status: "active" as const, failingSince: null };
      return { ...rest, status, ...(statusReason === undefined ? {} : { statusReason }) };
    };
    const record = await editWebhook(this.#options.store, { id, change, at: this.#now(), make });
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
    const record = await editWebhook(this.#options.store, {
      id,
      change: "secret_rotated",
      at: this.#now(),
      make: (before) => ({ ...before, secret, previousSecret: { secret: before.secret, until } }),
    });
    return record && { ...(await this.#view(record)), secret };
  }

  /**
   * Has all events sent again that were stored since a moment, each under the id it had.
   * @param since the id of the first one, or a time
   * @returns null when there is no such endpoint
   */
  async replay(id: string, since: number | string): Promise<WebhookEndpointView | null> {
    const { store } = this.#options;
    const { oldest, newest } = await store.range();
    // What the log does not hold any more was sent, or counted as skipped, before: it is not missed once more.
    const replayAfter =
      typeof since === "number" ? Math.max(0, oldest - 1, since - 1) : await positionBefore(store, since);
    if (replayAfter > newest) {
      throw new WebhookConflictError(`There is no event ${since} yet: the newest one is ${newest}.`);
    }
    const record = await editWebhook(store, {
      id,
      change: "replayed",
      at: this.#now(),
      more: { after: replayAfter },
      make: (before) => ({ ...before, replayAfter }),
    });
    return record && this.#view(record);
  }

  async #view(record: WebhookRecord): Promise<WebhookEndpointView> {
    const { store } = this.#options;
    const [waiting, range] = await Promise.all([store.waitingCounts(), store.range()]);
    return viewOf(record, waiting.get(record.id) ?? 0, range);
  }

  #now(): string {
    return this.#options.clock.now().toISOString();
  }
}

function newSecret(): string {
  return formatSecret(randomBytes(SECRET_BYTES));
}
