import type { LogEvent } from "@mission-control/protocol";
import type { Logger } from "../logger.ts";
import type { Metrics } from "../metrics.ts";
import type { DeliveryRecord } from "../store/deliveries.ts";
import type { LeaseToken } from "../store/operations.ts";
import type { WebhookRecord } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import { Alarm } from "./alarm.ts";
import { shownOf } from "./answers/ending.ts";
import { MessageEndings } from "./answers/message-endings.ts";
import type { Clock } from "./clock.ts";
import { DeliveryLedger } from "./delivery-ledger.ts";
import { givenUp, outcomeOf } from "./delivery-outcome.ts";
import { DeliveryPruning } from "./delivery-pruning.ts";
import { DeliveryQueue, WAITING } from "./delivery-queue.ts";
import { EndpointHealth } from "./endpoint-health.ts";
import { EventChoice } from "./event-choice.ts";
import type { Item } from "./lanes.ts";
import { deliveredJson, type LoggedEvent, type LogSource } from "./log-source.ts";
import { messageOf } from "./message.ts";
import { PROBE_EVERY_MS } from "./retry-schedule.ts";
import { HeldNotices } from "./rules/held-notices.ts";
import type { SendPace } from "./send-pace.ts";
import type { MessageSender, TryResult } from "./sender.ts";
import type { TaskTags } from "./task-tags.ts";

/** Requests under way to one endpoint. */
const CONCURRENCY = 8;
/** Before a try whose event the store could not give. */
const STORE_PAUSE_MS = 1000;

/** What all endpoints of a node share while it has the lease. */
export interface DeliveryParts {
  store: Store;
  source: LogSource;
  tags: TaskTags;
  sender: MessageSender;
  pace: SendPace;
  clock: Clock;
  logger: Pick<Logger, "error">;
  metrics: Pick<Metrics, "webhookTried">;
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
  readonly #ledger: DeliveryLedger;
  readonly #queue: DeliveryQueue;
  readonly #health: EndpointHealth;
  readonly #stop = new AbortController();
  readonly #tries = new Set<Promise<void>>();
  #isClosing = false;
  #endpoint: WebhookRecord;
  #choice: EventChoice;
  readonly #messages: MessageEndings;
  readonly #pruning: DeliveryPruning;
  readonly #held: HeldNotices;
  /** Every event up to here was read. */
  #cursor: number;
  #skipped: number;
  #lastTryAt = 0;
  readonly #alarm: Alarm;
  #reading: Promise<void> | null = null;

  /** Takes up what an earlier run left, and begins. @throws StoreUnavailableError */
  static async open(parts: DeliveryParts, endpoint: WebhookRecord): Promise<EndpointDelivery> {
    const left = await parts.store.waitingDeliveries(endpoint.id, WAITING.deliveries);
    const delivery = new EndpointDelivery(parts, endpoint);
    delivery.#queue.begin(await delivery.#held.load(left, parts.clock.now()));
    delivery.#held.reschedule(endpoint.rules, parts.clock.now());
    await delivery.#messages.load(endpoint);
    await delivery.#resend(endpoint.resend ?? []);
    delivery.wake();
    return delivery;
  }

  private constructor(parts: DeliveryParts, endpoint: WebhookRecord) {
    this.#parts = parts;
    this.#endpoint = endpoint;
    this.#choice = new EventChoice(endpoint, parts.tags);
    const { id: endpointId, replayAfter, position, skipped } = endpoint;
    this.#cursor = replayAfter ?? position;
    this.#skipped = skipped;
    const { store, token, logger } = parts;
    this.#alarm = new Alarm(parts.clock, () => this.wake());
    // What is asked for anew is told anew.
    const held = replayAfter === undefined ? endpoint.held : [];
    this.#ledger = new DeliveryLedger({ store, endpointId, token, logger }, this.#cursor, held);
    this.#pruning = new DeliveryPruning(parts, endpointId, this.#stop.signal);
    this.#messages = new MessageEndings(parts, (over) => this.#ledger.put(over));
    this.#health = new EndpointHealth(endpoint, this.#ledger);
    if (replayAfter !== undefined) this.#ledger.replayed(replayAfter);
    this.#queue = new DeliveryQueue({ endpointId, ledger: this.#ledger, position: this.#cursor });
    this.#held = new HeldNotices({ store, ledger: this.#ledger, publicUrl: parts.publicUrl });
  }

  /** Takes an edit of the endpoint. @returns when what is to be sent again was taken up */
  async update(endpoint: WebhookRecord): Promise<void> {
    const hasMoved = endpoint.url !== this.#endpoint.url;
    this.#endpoint = endpoint;
    this.#choice = new EventChoice(endpoint, this.#parts.tags);
    await this.#messages.load(endpoint);
    this.#held.reschedule(endpoint.rules, this.#parts.clock.now());
    if (hasMoved) {
      // What failed at the old address says nothing of the new one.
      this.#lastTryAt = 0;
      this.#health.moved();
      this.#queue.hasten(this.#now());
    }
    await this.#resend(endpoint.resend ?? []);
    this.wake();
  }

  /** Tries what is due, and reads on: there may be something new. */
  wake(): void {
    if (this.#isClosing || this.#health.status === "off") return;
    const now = this.#now();
    const digest = this.#held.due(now);
    if (digest) this.#queue.addDigest(digest);
    this.#alarm.at(this.#held.dueAt);
    if (this.#health.notBefore > now) this.#alarm.at(this.#health.notBefore);
    else if (this.#health.status === "paused") this.#probe(now);
    else {
      while (this.#tries.size < CONCURRENCY) {
        const item = this.#queue.take(now);
        if (!item) break;
        this.#begin(item);
      }
      this.#alarm.at(this.#queue.nextDue(now));
    }
    this.#read();
  }

  /**
   * Begins nothing more, and writes what is known.
   * @param patience what is under way is waited for so long, in milliseconds
   */
  async close(patience: number): Promise<void> {
    this.#isClosing = true;
    this.#alarm.close();
    const cutOff = setTimeout(() => this.#stop.abort(), patience);
    await Promise.all([this.#reading, ...this.#tries]);
    clearTimeout(cutOff);
    this.#stop.abort();
    await this.#ledger.close();
  }

  /** Removes deliveries that have been over for long. */
  prune(): Promise<void> {
    return this.#pruning.prune();
  }

  /** One that failed for a day is tried once an hour, with the oldest that waits. */
  #probe(now: number): void {
    if (this.#tries.size > 0) return;
    const next = this.#lastTryAt + PROBE_EVERY_MS;
    const item = next > now ? null : this.#queue.takeOldest();
    if (next > now) this.#alarm.at(next);
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
      const json = item.json ?? (await deliveredJson(store, item.delivery));
      if (json === null) return this.#giveUp(item, "The event is not kept any more.");
      const ending = this.#messages.endingIn(json);
      if (ending) {
        const failed = await this.#messages.end(id, ending, signal);
        if (signal.aborted) return;
        if (failed) return this.#settle(item, failed, json);
        const read = { ...ending, taskId: ending.taskId, agentId: ending.agentId, json };
        if (!(await this.#choice.isWanted(read)) || (await this.#holds(read))) return this.#queue.pass(item);
      }
      const message = await messageOf(store, this.#endpoint, json, publicUrl());
      if (this.#isClosing) return;
      const result = await sender.send(this.#endpoint, id, message, signal);
      // Nobody knows what became of a try that was broken off: it is made again.
      if (!signal.aborted) this.#settle(item, result, json);
    } catch (error) {
      if (signal.aborted) return;
      logger.error({ err: error, webhookId: this.#endpoint.id, eventId }, "a webhook could not be sent");
      this.#queue.putBack(item, this.#now() + STORE_PAUSE_MS);
    }
  }

  /** @param json the event's */
  #settle(item: Item, result: TryResult, json: string): void {
    const { isDelivered } = result;
    const now = this.#parts.clock.now();
    this.#parts.metrics.webhookTried(isDelivered ? "delivered" : "failed");
    this.#lastTryAt = now.getTime();
    if (!isDelivered) this.#health.failed(now, result);
    const isCounted = !item.isExtra && this.#health.status === "active";
    const { isOver, delivery } = outcomeOf(item.delivery, result, { now, isCounted });
    if (!isOver) {
      this.#queue.retry(item, delivery);
      return;
    }
    const shown = isDelivered && result.place && shownOf(JSON.parse(json) as LogEvent, result.place);
    this.#end(item, shown ? { ...delivery, shown } : delivery);
    if (isDelivered && this.#health.worked(now)) this.#queue.hasten(now.getTime());
  }

  #giveUp(item: Item, error: string): void {
    this.#end(item, givenUp(item.delivery, error, this.#parts.clock.now()));
  }

  /** It is over. */
  #end(item: Item, delivery: DeliveryRecord): void {
    this.#queue.over(item, delivery);
    this.#messages.add(delivery);
    this.#pruning.over();
  }

  /** Reads on, where there is room. */
  #read(): void {
    if (this.#reading || this.#health.status !== "active" || !this.#queue.hasRoom) return;
    if (this.#cursor >= this.#parts.source.newest) return;
    this.#reading = this.#readStep()
      .catch((error: unknown) => {
        if (this.#isClosing) return;
        const fields = { err: error, webhookId: this.#endpoint.id };
        this.#parts.logger.error(fields, "the log could not be read for a webhook");
        this.#alarm.at(this.#now() + STORE_PAUSE_MS);
      })
      .finally(() => {
        this.#reading = null;
      });
  }

  async #readStep(): Promise<void> {
    const { source, clock } = this.#parts;
    const filter = this.#choice.filter(this.#messages.isOn);
    const { events, lastId, skipped } = await source.read(this.#cursor, filter);
    for (const event of events) {
      const mayEnd = this.#messages.mayEnd(event, (taskId) => this.#queue.holds(taskId));
      if (!mayEnd && (!(await this.#choice.isWanted(event)) || (await this.#holds(event)))) continue;
      if (this.#isClosing) return;
      this.#queue.add(event, clock.now().toISOString());
    }
    if (this.#isClosing) return;
    this.#queue.read(lastId);
    this.#cursor = lastId;
    if (skipped > 0) {
      this.#skipped += skipped;
      this.#ledger.note({ skipped: this.#skipped });
    }
    setImmediate(() => this.wake());
  }

  /** Whether the endpoint's rules hold an event back. */
  #holds(event: LoggedEvent): Promise<boolean> {
    return this.#held.take(this.#endpoint, event, this.#parts.clock.now());
  }

  /** Tries deliveries again at once that wait, or that are over. */
  async #resend(ids: readonly string[]): Promise<void> {
    const { store } = this.#parts;
    for (const id of ids) {
      const delivery = await store.delivery(id);
      if (delivery && !this.#queue.retryNow(delivery, this.#now())) {
        const json = await deliveredJson(store, delivery);
        if (json !== null) this.#queue.addAgain(delivery, json);
      }
      this.#ledger.resent(id);
    }
    // Whoever asks for it does not want to wait for the next hour.
    if (ids.length > 0) this.#lastTryAt = 0;
  }

  #now(): number {
    return this.#parts.clock.now().getTime();
  }
}
