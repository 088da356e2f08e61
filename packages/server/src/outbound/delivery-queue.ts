import type { DeliveryRecord } from "../store/deliveries.ts";
import type { DeliveryLedger } from "./delivery-ledger.ts";
import { type Item, Lanes } from "./lanes.ts";
import type { LoggedEvent } from "./log-source.ts";
import { deliveryId } from "./message.ts";
import type { DueDigest } from "./rules/held-notices.ts";

/** Events that were read and are in memory alone: so many, and of so many bytes, at most. */
const WINDOW = { events: 256, bytes: 4 * 1024 * 1024 };
/** Deliveries whose outcome could not be written yet. */
const UNWRITTEN = 1024;
/** Deliveries that wait: with more, or with more bytes of their events, no further event is read. */
export const WAITING = { deliveries: 10_000, bytes: 64 * 1024 * 1024 };

export interface DeliveryQueueOptions {
  endpointId: string;
  ledger: DeliveryLedger;
  /** The endpoint's position. */
  position: number;
}

/**
 * What is to be delivered to one endpoint: in memory while it is tried for the first time, kept by the store from when
 * that has failed. Behind one that is kept, the others of its lane are kept too, so that the position can go past them.
 */
export class DeliveryQueue {
  readonly #lanes = new Lanes();
  readonly #endpointId: string;
  readonly #ledger: DeliveryLedger;
  readonly #position: number;
  /** Of what an earlier run left, those whose events come only after the position: they are met while reading. */
  readonly #left = new Map<number, DeliveryRecord>();
  #openBytes = 0;
  readonly #waiting = { deliveries: 0, bytes: 0 };

  constructor({ endpointId, ledger, position }: DeliveryQueueOptions) {
    this.#endpointId = endpointId;
    this.#ledger = ledger;
    this.#position = position;
  }

  /** Takes up what an earlier run left waiting, in the order of its events. */
  begin(left: readonly DeliveryRecord[]): void {
    for (const one of left) {
      if (one.eventId !== null && one.eventId > this.#position) this.#left.set(one.eventId, one);
      else this.#addLeft(one);
    }
  }

  /** Whether more may be read. */
  get hasRoom(): boolean {
    return (
      this.#ledger.open < WINDOW.events &&
      this.#ledger.unwritten < UNWRITTEN &&
      this.#openBytes < WINDOW.bytes &&
      this.#waiting.deliveries < WAITING.deliveries &&
      this.#waiting.bytes < WAITING.bytes
    );
  }

  /** Takes what is due, to be tried: the oldest first. It is given back by `retry`, `over` or `putBack`. */
  take(now: number): Item | null {
    return this.#lanes.take(now);
  }

  /** Takes the oldest that is first of its lane, due or not. */
  takeOldest(): Item | null {
    return this.#lanes.take(Number.POSITIVE_INFINITY);
  }

  /** When the next one is due that is not yet, in Unix milliseconds; null when none is. */
  nextDue(now: number): number | null {
    return this.#lanes.nextDue(now);
  }

  /** Makes all due that wait for their time, beside the schedule. */
  hasten(now: number): void {
    this.#lanes.hasten(now);
  }

  /** One that was taken was not tried: it is due again at a time. */
  putBack(item: Item, dueAt: number): void {
    item.dueAt = dueAt;
    this.#lanes.putBack(item);
  }

  /** One that was taken has failed, and waits for its next try. */
  retry(item: Item, delivery: DeliveryRecord & { nextTryAt: string }): void {
    item.delivery = delivery;
    item.isExtra = false;
    this.#keep(item);
    for (const behind of this.#lanes.behind(item)) if (!behind.isKept) this.#keep(behind);
    this.putBack(item, Date.parse(delivery.nextTryAt));
  }

  /** One that was taken is over. */
  over(item: Item, delivery: DeliveryRecord): void {
    const { bytes } = delivery;
    if (item.isKept) {
      this.#waiting.deliveries--;
      this.#waiting.bytes -= bytes;
    } else this.#openBytes -= bytes;
    this.#ledger.put({ ...delivery, ...(item.json === null ? {} : { event: item.json }) });
    this.#lanes.remove(item);
  }

  /** One that was taken need not be sent: nothing is kept of it where nothing was yet. */
  pass(item: Item): void {
    const { eventId } = item.delivery;
    if (item.isKept || eventId === null) this.over(item, { ...item.delivery, state: "delivered" });
    else {
      this.#openBytes -= item.delivery.bytes;
      this.#lanes.remove(item);
      this.#ledger.passed(eventId);
    }
  }

  /** Whether something of a task is to be sent before what comes next of it. */
  holds(taskId: string): boolean {
    return this.#lanes.has(taskId);
  }

  /** Adds an event that was read, in its order, unless an earlier run left it waiting: then that goes on. */
  add(event: LoggedEvent, at: string): void {
    if (this.#addLeftUpTo(event.id)) return;
    const { id: eventId, type: eventType, taskId, agentId, json } = event;
    const delivery: DeliveryRecord = {
      id: deliveryId(this.#endpointId, eventId),
      endpointId: this.#endpointId,
      eventId,
      eventType,
      ...(taskId === undefined ? {} : { taskId }),
      ...(agentId === undefined ? {} : { agentId }),
      state: "waiting",
      tries: [],
      tryCount: 0,
      failures: 0,
      bytes: json.length,
      lane: taskId ?? agentId ?? "",
      createdAt: at,
      updatedAt: at,
    };
    const item: Item = { delivery, json, dueAt: 0, isExtra: false, isKept: false };
    this.#ledger.opened(eventId);
    this.#openBytes += delivery.bytes;
    if (this.#lanes.add(item)?.isKept) this.#keep(item);
  }

  /** Adds a digest that is due; the store has it as it is, or will. */
  addDigest({ delivery, json }: DueDigest): void {
    this.#lanes.add({ delivery, json, dueAt: 0, isExtra: false, isKept: true });
    this.#waiting.deliveries++;
    this.#waiting.bytes += delivery.bytes;
  }

  /** Everything up to an event was read. */
  read(upTo: number): void {
    this.#addLeftUpTo(upTo);
    this.#ledger.read(upTo);
  }

  /** Has one that waits tried at once, after what it waits behind. @returns whether it waits */
  retryNow(delivery: DeliveryRecord, now: number): boolean {
    if (this.#lanes.hastenTo(delivery, now)) return true;
    if (delivery.eventId !== null && this.#left.has(delivery.eventId)) {
      const { nextTryAt: _, ...due } = delivery;
      this.#left.set(delivery.eventId, due);
    } else return false;
    return true;
  }

  /** Adds one that is over, to be delivered again; in a lane of its own, as what came after it has long been sent. */
  addAgain({ nextTryAt: _, ...over }: DeliveryRecord, json: string): void {
    const delivery: DeliveryRecord = { ...over, state: "waiting", failures: 0, lane: `resend ${over.id}` };
    const item: Item = { delivery, json, dueAt: 0, isExtra: false, isKept: false };
    this.#openBytes += delivery.bytes;
    this.#lanes.add(item);
    this.#keep(item);
  }

  /** Has it kept as one that waits, with its event. */
  #keep(item: Item): void {
    const { json, delivery, isKept } = item;
    this.#ledger.put({ ...delivery, ...(json === null ? {} : { event: json }) });
    item.json = null;
    if (isKept) return;
    item.isKept = true;
    this.#openBytes -= delivery.bytes;
    this.#waiting.deliveries++;
    this.#waiting.bytes += delivery.bytes;
  }

  #addLeft(delivery: DeliveryRecord): void {
    const dueAt = delivery.nextTryAt === undefined ? 0 : Date.parse(delivery.nextTryAt);
    this.#lanes.add({ delivery, json: null, dueAt, isExtra: false, isKept: true });
    this.#waiting.deliveries++;
    this.#waiting.bytes += delivery.bytes;
  }

  /** Takes up those of an earlier run up to an event. @returns whether that event's is among them */
  #addLeftUpTo(eventId: number): boolean {
    for (const [id, delivery] of this.#left) {
      if (id > eventId) return false;
      this.#left.delete(id);
      this.#addLeft(delivery);
      if (id === eventId) return true;
    }
    return false;
  }
}
