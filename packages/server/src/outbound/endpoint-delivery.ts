import type { EventFilter } from "@mission-control/protocol";
import type { Logger } from "../logger.ts";
import type { DeliveryRecord } from "../store/deliveries.ts";
import type { LeaseToken } from "../store/plan.ts";
import type { WebhookRecord } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import type { Clock } from "./clock.ts";
import { DeliveryLedger } from "./delivery-ledger.ts";
import { EndpointHealth } from "./endpoint-health.ts";
import { type Item, Lanes } from "./lanes.ts";
import { type LoggedEvent, type LogSource, loggedJson } from "./log-source.ts";
import { deliveryId, messageOf } from "./message.ts";
import { LONGEST_WAIT_MS, PROBE_EVERY_MS, waitAfter } from "./retry-schedule.ts";
import type { SendPace } from "./send-pace.ts";
import type { TryResult, WebhookSender } from "./sender.ts";
import type { TaskTags } from "./task-tags.ts";

/** Requests under way to one endpoint. */
const CONCURRENCY = 8;
/** Events that were read and are in memory alone: so many, and of so many bytes, at most. */
const WINDOW = { events: 256, bytes: 4 * 1024 * 1024 };
/** Deliveries that wait: with more, or with more bytes of their events, no further event is read. */
const WAITING = { deliveries: 10_000, bytes: 64 * 1024 * 1024 };
/** Of deliveries that are over, so many are kept, for so long; they are pruned after so many more. */
const KEPT = { deliveries: 1000, ms: 7 * 24 * 3600_000, pruneEvery: 250, rows: 1000 };
/** Tries of a delivery that are kept. */
const TRIES = 10;
/** Before a try whose event the store could not give. */
const STORE_PAUSE_MS = 1000;

/** What all endpoints of a node share while it has the lease. */
export interface DeliveryParts {
  store: Store;
  source: LogSource;
  tags: TaskTags;
  sender: WebhookSender;
  pace: SendPace;
  clock: Clock;
  logger: Pick<Logger, "error">;
  /** The lease under which everything is written. */
  token: LeaseToken;
  /** What CloudEvents name as their source. */
  publicUrl: () => string;
}

/**
 * Delivers the log to one endpoint, from the endpoint's position on. Reads as far as there is room, tries what is due, and
 * hands what comes of it to the ledger. After a kill, what was under way is sent again, under the same id.
 */
export class EndpointDelivery {
  readonly #parts: DeliveryParts;
  readonly #lanes = new Lanes();
  readonly #ledger: DeliveryLedger;
  readonly #health: EndpointHealth;
  readonly #stop = new AbortController();
  /** Of what an earlier run left, those whose events come only after the position: they are met while reading. */
  readonly #left = new Map<number, DeliveryRecord>();
  readonly #tries = new Set<Promise<void>>();
  #isClosing = false;
  #endpoint: WebhookRecord;
  /** Every event up to here was read. */
  #cursor: number;
  #skipped: number;
  #openBytes = 0;
  #waiting = { deliveries: 0, bytes: 0 };
  #over = 0;
  /** Nothing is sent before, in Unix milliseconds: the receiver asked for it. */
  #notBefore = 0;
  #lastTryAt = 0;
  #alarm: { at: number; cancel(): void } | null = null;
  #reading: Promise<void> | null = null;

  /** Takes up what an earlier run left, and begins. @throws StoreUnavailableError */
  static async open(parts: DeliveryParts, endpoint: WebhookRecord): Promise<EndpointDelivery> {
    const left = await parts.store.waitingDeliveries(endpoint.id, WAITING.deliveries);
    const delivery = new EndpointDelivery(parts, endpoint, left);
    await delivery.#resend(endpoint.resend ?? []);
    delivery.wake();
    return delivery;
  }

  private constructor(parts: DeliveryParts, endpoint: WebhookRecord, left: readonly DeliveryRecord[]) {
    this.#parts = parts;
    this.#endpoint = endpoint;
    const { id: endpointId, replayAfter, position, skipped } = endpoint;
    this.#cursor = replayAfter ?? position;
    this.#skipped = skipped;
    const { store, token, logger } = parts;
    this.#ledger = new DeliveryLedger({ store, endpointId, token, logger }, this.#cursor);
    this.#health = new EndpointHealth(endpoint, this.#ledger);
    if (replayAfter !== undefined) this.#ledger.replayed();
    for (const one of left) {
      if (one.eventId !== null && one.eventId > this.#cursor) this.#left.set(one.eventId, one);
      else this.#addLeft(one);
    }
  }

  /** Takes an edit of the endpoint. @returns when what is to be sent again was taken up */
  async update(endpoint: WebhookRecord): Promise<void> {
    this.#endpoint = endpoint;
    await this.#resend(endpoint.resend ?? []);
    this.wake();
  }

  /** Tries what is due, and reads on: there may be something new. */
  wake(): void {
    if (this.#isClosing || this.#health.status === "off") return;
    const now = this.#now();
    if (this.#notBefore > now) this.#wakeAt(this.#notBefore);
    else if (this.#health.status === "paused") this.#probe(now);
    else {
      while (this.#tries.size < CONCURRENCY) {
        const item = this.#lanes.take(now);
        if (!item) break;
        this.#begin(item);
      }
      this.#wakeAt(this.#lanes.nextDue(now));
    }
    this.#read();
  }

  /**
   * Begins nothing more, and writes what is known.
   * @param patience what is under way is waited for so long, in milliseconds
   */
  async close(patience: number): Promise<void> {
    this.#isClosing = true;
    this.#alarm?.cancel();
    const cutOff = setTimeout(() => this.#stop.abort(), patience);
    await Promise.all([this.#reading, ...this.#tries]);
    clearTimeout(cutOff);
    this.#stop.abort();
    await this.#ledger.close();
  }

  /** Removes deliveries that have been over for long. */
  async prune(): Promise<void> {
    this.#over = 0;
    const { store, token: under, logger } = this.#parts;
    const { id: endpointId } = this.#endpoint;
    const before = new Date(this.#now() - KEPT.ms).toISOString();
    const policy = { endpointId, keep: KEPT.deliveries, before, rows: KEPT.rows, under };
    await store.pruneDeliveries(policy).catch((error: unknown) => {
      if (this.#isClosing) return;
      logger.error({ err: error, webhookId: endpointId }, "old deliveries could not be removed");
    });
  }

  /** One that failed for a day is tried once an hour, with the oldest that waits. */
  #probe(now: number): void {
    if (this.#tries.size > 0) return;
    const next = this.#lastTryAt + PROBE_EVERY_MS;
    const item = next > now ? null : this.#lanes.takeOldest();
    if (next > now) this.#wakeAt(next);
    else if (!item) this.#health.resume(this.#parts.clock.now());
    else {
      item.isExtra = true;
      this.#begin(item);
    }
  }

  #begin(item: Item): void {
    const made = this.#try(item).finally(() => {
      this.#tries.delete(made);
      this.wake();
    });
    this.#tries.add(made);
  }

  async #try(item: Item): Promise<void> {
    const { pace, sender, store, publicUrl, logger } = this.#parts;
    const { signal } = this.#stop;
    const { id, eventId } = item.delivery;
    try {
      await pace.turn();
      if (this.#isClosing) return;
      const json = item.json ?? (await eventOf(store, item.delivery));
      if (json === null) return this.#giveUp(item, "The event is not kept any more.");
      const { format } = this.#endpoint;
      const result = await sender.send(this.#endpoint, id, messageOf(json, format, publicUrl()), signal);
      // Nobody knows what became of a try that was broken off: it is made again.
      if (!signal.aborted) this.#settle(item, result);
    } catch (error) {
      if (signal.aborted) return;
      logger.error({ err: error, webhookId: this.#endpoint.id, eventId }, "a webhook could not be sent");
      item.dueAt = this.#now() + STORE_PAUSE_MS;
      this.#lanes.putBack(item);
    }
  }

  #settle(item: Item, { made, isDelivered, isGone, retryAfterMs }: TryResult): void {
    const now = this.#parts.clock.now();
    this.#lastTryAt = now.getTime();
    const { nextTryAt, ...before } = item.delivery;
    const tried: DeliveryRecord = {
      ...before,
      tries: [...before.tries, made].slice(-TRIES),
      tryCount: before.tryCount + 1,
      updatedAt: now.toISOString(),
    };
    if (isDelivered) {
      this.#remove(item, { ...tried, state: "delivered" });
      if (this.#health.worked(now)) this.#lanes.hasten(now.getTime());
      return;
    }
    this.#health.failed(now, isGone);
    if (retryAfterMs !== undefined && (made.status === 429 || made.status === 503)) {
      this.#notBefore = now.getTime() + Math.min(retryAfterMs, LONGEST_WAIT_MS);
    }
    // While nothing gets through, no delivery uses up its tries.
    const isCounted = !item.isExtra && this.#health.status === "active";
    const failures = before.failures + (isCounted ? 1 : 0);
    const wait = waitAfter(Math.max(1, failures), retryAfterMs);
    if (wait === null) {
      this.#remove(item, { ...tried, failures, state: "failed" });
      return;
    }
    const isEarlier = !isCounted && nextTryAt !== undefined && Date.parse(nextTryAt) > now.getTime();
    const next = isEarlier ? nextTryAt : new Date(now.getTime() + wait).toISOString();
    item.delivery = { ...tried, failures, state: "waiting", nextTryAt: next };
    item.dueAt = Date.parse(next);
    item.isExtra = false;
    this.#keep(item);
    for (const behind of this.#lanes.behind(item)) if (!behind.isKept) this.#keep(behind);
    this.#lanes.putBack(item);
  }

  #giveUp(item: Item, error: string): void {
    const at = this.#parts.clock.now().toISOString();
    const { nextTryAt: _, ...before } = item.delivery;
    const tries = [...before.tries, { at, durationMs: 0, error }].slice(-TRIES);
    this.#remove(item, { ...before, tries, updatedAt: at, state: "failed" });
  }

  /** It is over. */
  #remove(item: Item, over: DeliveryRecord): void {
    const { bytes } = over;
    if (item.isKept) {
      this.#waiting.deliveries--;
      this.#waiting.bytes -= bytes;
    } else this.#openBytes -= bytes;
    this.#ledger.put({ ...over, ...(item.json === null ? {} : { event: item.json }) });
    this.#lanes.remove(item);
    if (++this.#over >= KEPT.pruneEvery) void this.prune();
  }

  /** Has it kept as one that waits, with its event: the position may go past it. */
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

  /** Reads on, where there is room. */
  #read(): void {
    if (this.#reading || !this.#hasRoom) return;
    this.#reading = this.#readStep()
      .catch((error: unknown) => {
        if (this.#isClosing) return;
        const fields = { err: error, webhookId: this.#endpoint.id };
        this.#parts.logger.error(fields, "the log could not be read for a webhook");
        this.#wakeAt(this.#now() + STORE_PAUSE_MS);
      })
      .finally(() => {
        this.#reading = null;
      });
  }

  get #hasRoom(): boolean {
    return (
      this.#health.status === "active" &&
      this.#cursor < this.#parts.source.newest &&
      this.#ledger.open < WINDOW.events &&
      this.#openBytes < WINDOW.bytes &&
      this.#waiting.deliveries < WAITING.deliveries &&
      this.#waiting.bytes < WAITING.bytes
    );
  }

  async #readStep(): Promise<void> {
    const { source, tags } = this.#parts;
    const { types, agentId, tag } = this.#endpoint;
    const filter: EventFilter = {
      ...(types ? { types } : {}),
      ...(agentId === undefined ? {} : { agentId }),
    };
    const { events, lastId, skipped } = await source.read(this.#cursor, filter);
    for (const event of events) {
      const { id, taskId } = event;
      if (isAbout(event, this.#endpoint.id)) continue;
      if (tag !== undefined && !(taskId !== undefined && (await tags.has(taskId, tag)))) continue;
      if (this.#isClosing) return;
      if (!this.#addLeftUpTo(id)) this.#add(event);
    }
    if (this.#isClosing) return;
    this.#addLeftUpTo(lastId);
    this.#cursor = lastId;
    this.#ledger.read(lastId);
    if (skipped > 0) {
      this.#skipped += skipped;
      this.#ledger.note({ skipped: this.#skipped });
    }
    setImmediate(() => this.wake());
  }

  #add({ id: eventId, type: eventType, taskId, agentId, json }: LoggedEvent): void {
    const { id: endpointId } = this.#endpoint;
    const at = this.#parts.clock.now().toISOString();
    const delivery: DeliveryRecord = {
      id: deliveryId(endpointId, eventId),
      endpointId,
      eventId,
      eventType,
      ...(taskId === undefined ? {} : { taskId }),
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
    // Behind one that waits it waits too, and does not hold up the position.
    if (this.#lanes.add(item)?.isKept) this.#keep(item);
  }

  /** Takes up one that waits as the store has it. */
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

  /** Tries deliveries again at once that wait, or that are over. */
  async #resend(ids: readonly string[]): Promise<void> {
    const { store } = this.#parts;
    for (const id of ids) {
      const delivery = await store.delivery(id);
      const eventId = delivery?.eventId;
      if (delivery && typeof eventId === "number") {
        const { nextTryAt: _, ...now } = delivery;
        const waiting = this.#lanes.find(id, delivery.lane);
        if (waiting) Object.assign(waiting, { dueAt: 0, isExtra: true });
        else if (this.#left.has(eventId)) this.#left.set(eventId, now);
        else await this.#addResent(now);
      }
      this.#ledger.resent(id);
    }
  }

  /** In a lane of its own: what came after it has long been sent. */
  async #addResent(over: DeliveryRecord): Promise<void> {
    const json = await eventOf(this.#parts.store, over);
    if (json === null || this.#isClosing) return;
    const delivery: DeliveryRecord = { ...over, state: "waiting", failures: 0, lane: `resend ${over.id}` };
    const item: Item = { delivery, json, dueAt: 0, isExtra: false, isKept: false };
    this.#openBytes += delivery.bytes;
    this.#lanes.add(item);
    this.#keep(item);
  }

  #wakeAt(at: number | null): void {
    if (at === null || (this.#alarm && this.#alarm.at <= at) || this.#isClosing) return;
    this.#alarm?.cancel();
    const timer = this.#parts.clock.after(Math.max(0, at - this.#now()), () => {
      this.#alarm = null;
      this.wake();
    });
    this.#alarm = { at, cancel: () => timer.cancel() };
  }

  #now(): number {
    return this.#parts.clock.now().getTime();
  }
}

/** Whether an event tells of the endpoint itself, which is no news to it. */
function isAbout({ type, json }: LoggedEvent, endpointId: string): boolean {
  return type === "webhook" && json.includes(`"webhookId":"${endpointId}"`);
}

/** The event's JSON, from where it is kept; null where it is not any more. */
async function eventOf(store: Store, { id, eventId }: DeliveryRecord): Promise<string | null> {
  return (await store.deliveryEvent(id)) ?? (eventId === null ? null : loggedJson(store, eventId));
}
