import type { LogEvent } from "@mission-control/protocol";
import type { DeliveryRecord } from "../../store/deliveries.ts";
import type { NoticeRules, WebhookRecord } from "../../store/records.ts";
import type { Store } from "../../store/store.ts";
import { requestIdOf } from "../answers/ending.ts";
import type { DeliveryLedger } from "../delivery-ledger.ts";
import type { LoggedEvent } from "../log-source.ts";
import { noticeOf } from "../notice.ts";
import { type Digest, digestEvent, digestOf, EMPTY, withNotice } from "./digest.ts";
import { digestDue, heldUntil } from "./quiet-hours.ts";

/** What a delivery of a digest is called, where others have the type of their event. */
export const DIGEST = "digest";

export interface HeldNoticesParts {
  store: Pick<Store, "task" | "deliveryEvent">;
  ledger: Pick<DeliveryLedger, "put" | "hold" | "isHeld">;
  publicUrl: () => string;
}

/** A digest that is due, with its JSON. */
export interface DueDigest {
  delivery: DeliveryRecord;
  json: string;
}

/**
 * The notices of one endpoint that its rules hold back. They make one delivery, a digest, which is written anew with each
 * of them, in the commit that lets the endpoint's position pass it: so none is told twice or lost.
 */
export class HeldNotices {
  readonly #parts: HeldNoticesParts;
  #open: { delivery: DeliveryRecord & { nextTryAt: string }; digest: Digest } | null = null;
  /** One is added after the other: each needs a look at its task. */
  #adding: Promise<unknown> = Promise.resolve();

  constructor(parts: HeldNoticesParts) {
    this.#parts = parts;
  }

  /**
   * Takes up the digest that an earlier run left, if it is not due yet.
   * @param left the deliveries that wait
   * @returns those that are not held back
   */
  async load(left: readonly DeliveryRecord[], now: Date): Promise<DeliveryRecord[]> {
    for (const delivery of left) {
      const { id, eventType, tryCount, nextTryAt } = delivery;
      if (eventType !== DIGEST || tryCount > 0 || !nextTryAt || nextTryAt <= now.toISOString()) continue;
      const json = await this.#parts.store.deliveryEvent(id);
      const digest = json === null ? null : digestOf(JSON.parse(json) as LogEvent);
      if (digest) this.#open = { delivery: { ...delivery, nextTryAt }, digest };
    }
    return left.filter(({ id }) => id !== this.#open?.delivery.id);
  }

  /** When the digest is due, in Unix milliseconds; null when nothing is held back. */
  get dueAt(): number | null {
    return this.#open ? Date.parse(this.#open.delivery.nextTryAt) : null;
  }

  /** Gives the digest away once it is due. */
  due(now: number): DueDigest | null {
    if (!this.#open || Date.parse(this.#open.delivery.nextTryAt) > now) return null;
    const { delivery, digest } = this.#open;
    this.#open = null;
    return { delivery, json: jsonOf(delivery, digest) };
  }

  /** Has what is held back told when the endpoint's rules say so that may have been edited; at once without any. */
  reschedule(rules: NoticeRules = {}, now: Date): void {
    if (!this.#open) return;
    const { delivery } = this.#open;
    const nextTryAt = digestDue(rules, new Date(delivery.createdAt), now).toISOString();
    if (nextTryAt === delivery.nextTryAt) return;
    delivery.nextTryAt = nextTryAt;
    this.#parts.ledger.put({ ...delivery });
  }

  /** Holds a notice back, if the endpoint's rules say so. @returns whether they do, or it is held back already */
  take(endpoint: WebhookRecord, event: LoggedEvent, now: Date): Promise<boolean> {
    const taken = this.#adding.then(() => this.#take(endpoint, event, now));
    this.#adding = taken.catch(() => {});
    return taken;
  }

  async #take(endpoint: WebhookRecord, { id, json }: LoggedEvent, now: Date): Promise<boolean> {
    const { store, ledger, publicUrl } = this.#parts;
    if (ledger.isHeld(id)) return true;
    const { rules } = endpoint;
    if (!rules) return false;
    const event = JSON.parse(json) as LogEvent;
    const task = event.taskId === undefined ? null : await store.task(event.taskId);
    const notice = noticeOf(event, task, publicUrl());
    const { kind } = notice;
    const until = kind && heldUntil(rules, kind, now);
    if (!until) return false;
    const at = now.toISOString();
    this.#open ??= {
      delivery: {
        id: `${endpoint.id}.${DIGEST}-${id}`,
        endpointId: endpoint.id,
        eventId: null,
        eventType: DIGEST,
        state: "waiting",
        tries: [],
        tryCount: 0,
        failures: 0,
        bytes: 0,
        lane: DIGEST,
        nextTryAt: until.toISOString(),
        createdAt: at,
        updatedAt: at,
      },
      digest: EMPTY,
    };
    const about = { taskId: event.taskId, requestId: requestIdOf(event.data) };
    this.#open.digest = withNotice(this.#open.digest, { ...notice, kind }, about);
    const { delivery, digest } = this.#open;
    const held = jsonOf(delivery, digest);
    Object.assign(delivery, { bytes: held.length, updatedAt: at });
    ledger.hold(id);
    ledger.put({ ...delivery, event: held });
    return true;
  }
}

function jsonOf({ createdAt }: DeliveryRecord, digest: Digest): string {
  return JSON.stringify(digestEvent(digest, createdAt));
}
