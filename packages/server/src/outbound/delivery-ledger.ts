import type { NewEvent } from "@mission-control/protocol";
import { pause } from "../abortable.ts";
import type { Logger } from "../logger.ts";
import type { DeliveryWrite } from "../store/deliveries.ts";
import { FencedError, type LeaseToken } from "../store/operations.ts";
import type { WebhookRecord } from "../store/records.ts";
import type { Store } from "../store/store.ts";

/** Between two tries to write to a store that takes nothing, in milliseconds. */
const STORE_PAUSE_MS = 1000;
/** Where nothing matches, the position is written once in so many events, and so many milliseconds after one. */
const LAZY_EVENTS = 1000;
const LAZY_MS = 5000;

/** What the node that delivers writes of an endpoint. */
export interface Progress {
  status?: WebhookRecord["status"];
  /** Goes with the status; none, where it is absent there. */
  statusReason?: string | undefined;
  skipped?: number;
  failingSince?: string | null;
  lastDeliveredAt?: string;
}

export interface DeliveryLedgerParts {
  store: Pick<Store, "edit">;
  endpointId: string;
  token: LeaseToken;
  logger: Pick<Logger, "error">;
}

/**
 * What is to be written of one endpoint: what became of deliveries, how it does, and its position, all in one commit.
 * The position never goes past an event that is neither over nor kept as a delivery that waits. What comes while a
 * commit is made goes into the next.
 */
export class DeliveryLedger {
  readonly #parts: DeliveryLedgerParts;
  readonly #stop = new AbortController();
  /** Ids of events that were read and are in memory alone, rising. */
  readonly #open = new Set<number>();
  /** Those that were read and are told in a digest; kept until the position has passed them, so that none is twice. */
  readonly #held: Set<number>;
  /** Every event up to here was read. */
  #readUpTo: number;
  #position: number;
  #deliveries = new Map<string, DeliveryWrite>();
  #progress: Progress = {};
  #event: NewEvent | undefined;
  /** Ids of deliveries that were taken up as the operator asked. */
  #resent: string[] = [];
  /** Where it was begun again, as the operator asked. */
  #replayedAfter: number | undefined;
  #writing: Promise<void> | null = null;
  /** Has the position written that has moved since it was. */
  #lazily: NodeJS.Timeout | null = null;
  #isOverdue = false;

  /**
   * @param position the endpoint's, as it is stored
   * @param held events behind it that are told in a digest, as they are stored
   */
  constructor(parts: DeliveryLedgerParts, position: number, held: readonly number[] = []) {
    this.#parts = parts;
    this.#readUpTo = position;
    this.#position = position;
    this.#held = new Set(held);
  }

  /** How many events are in memory alone. */
  get open(): number {
    return this.#open.size;
  }

  /** How many deliveries are still to be written: many only while the store takes nothing. */
  get unwritten(): number {
    return this.#deliveries.size;
  }

  /** Notes an event that is to be delivered; they come in order. */
  opened(eventId: number): void {
    this.#open.add(eventId);
  }

  /** Notes an event that is told in a digest, which is to be put at once. */
  hold(eventId: number): void {
    this.#held.add(eventId);
  }

  /** Whether an event is told in a digest. Known of those alone that the position has not passed. */
  isHeld(eventId: number): boolean {
    return this.#held.has(eventId);
  }

  /** An event that was to be delivered is not, after all. */
  passed(eventId: number): void {
    this.#open.delete(eventId);
    this.read(this.#readUpTo);
  }

  /** Every event up to this one was read. */
  read(upTo: number): void {
    this.#readUpTo = upTo;
    if (this.#open.size > 0 || upTo === this.#position) return;
    if (upTo - this.#position >= LAZY_EVENTS) this.#write();
    else this.#lazily ??= setTimeout(() => this.#writeOverdue(), LAZY_MS).unref();
  }

  /** Writes a delivery that is over, or that waits. */
  put(delivery: DeliveryWrite): void {
    if (delivery.eventId !== null) this.#open.delete(delivery.eventId);
    this.#deliveries.set(delivery.id, withEventOf(delivery, this.#deliveries.get(delivery.id)));
    this.#write();
  }

  /** Writes how the endpoint does, with the next deliveries; an event about it at once. */
  note(progress: Progress, event?: NewEvent): void {
    Object.assign(this.#progress, progress);
    if (!event) return;
    this.#event = event;
    this.#write();
  }

  /** What was asked to be sent again was taken up. */
  resent(id: string): void {
    this.#resent.push(id);
    this.#write();
  }

  /** It is begun again where the operator asked for it: the position is that now. */
  replayed(after: number): void {
    this.#replayedAfter = after;
    this.#write();
  }

  /** Writes what is left, if that can be, and nothing afterwards. */
  async close(): Promise<void> {
    this.#stop.abort();
    if (this.#lazily) clearTimeout(this.#lazily);
    await this.#writing;
    if (this.#hasNews || this.#safePosition !== this.#position) {
      await this.#writeOnce().catch(() => {});
    }
  }

  get #safePosition(): number {
    const [first] = this.#open;
    return first === undefined ? this.#readUpTo : first - 1;
  }

  #writeOverdue(): void {
    this.#lazily = null;
    this.#isOverdue = true;
    this.#write();
  }

  #write(): void {
    this.#writing ??= this.#run().finally(() => {
      this.#writing = null;
    });
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    // What one turn of the event loop brings is written together.
    await new Promise((resolve) => setImmediate(resolve));
    while (!signal.aborted && this.#hasNews) {
      try {
        await this.#writeOnce();
      } catch (error) {
        // Another node has taken over, and goes on from what was written.
        if (error instanceof FencedError) return this.#stop.abort();
        if (signal.aborted) return;
        const { endpointId: webhookId, logger } = this.#parts;
        logger.error({ err: error, webhookId }, "what became of deliveries could not be stored");
        await pause(STORE_PAUSE_MS, signal);
      }
    }
  }

  get #hasNews(): boolean {
    return (
      this.#deliveries.size > 0 ||
      this.#event !== undefined ||
      this.#resent.length > 0 ||
      this.#replayedAfter !== undefined ||
      this.#safePosition - this.#position >= (this.#isOverdue ? 1 : LAZY_EVENTS)
    );
  }

  /** Makes one commit of all there is to write; of none of it where that fails. */
  async #writeOnce(): Promise<void> {
    const { store, endpointId, token } = this.#parts;
    const deliveries = this.#deliveries;
    const progress = this.#progress;
    const event = this.#event;
    const resent = this.#resent;
    const replayedAfter = this.#replayedAfter;
    const position = this.#safePosition;
    const held = [...this.#held].filter((id) => id > position);
    this.#deliveries = new Map();
    this.#progress = {};
    this.#event = undefined;
    this.#resent = [];
    this.#replayedAfter = undefined;
    try {
      await store.edit(
        "webhook",
        endpointId,
        (current) => {
          if (!current) return { record: null };
          const taken = { resent, replayedAfter };
          const { held: _, ...others } = withProgress(withoutTaken(current, taken), progress);
          const record = { ...others, position, ...(held.length > 0 ? { held } : {}) };
          return { record, deliveries: [...deliveries.values()], ...(event ? { event } : {}) };
        },
        { under: token },
      );
      this.#position = position;
      this.#isOverdue = false;
      for (const id of this.#held) if (id <= position) this.#held.delete(id);
    } catch (error) {
      for (const [id, later] of this.#deliveries) deliveries.set(id, withEventOf(later, deliveries.get(id)));
      this.#deliveries = deliveries;
      this.#progress = { ...progress, ...this.#progress };
      this.#event ??= event;
      this.#resent.unshift(...resent);
      this.#replayedAfter ??= replayedAfter;
      throw error;
    }
  }
}

/** What was to be written before is written over, but for the event: that comes once. */
function withEventOf(delivery: DeliveryWrite, before: DeliveryWrite | undefined): DeliveryWrite {
  const event = delivery.event ?? before?.event;
  return event === undefined ? delivery : { ...delivery, event };
}

/** Without what the operator asked for and was taken up. */
function withoutTaken(
  { replayAfter, resend = [], ...others }: WebhookRecord,
  { resent, replayedAfter }: { resent: readonly string[]; replayedAfter: number | undefined },
): WebhookRecord {
  const left = resend.filter((id) => !resent.includes(id));
  return {
    ...others,
    ...(left.length > 0 ? { resend: left } : {}),
    // Asked for once more meanwhile, it is still to be done.
    ...(replayAfter === undefined || replayAfter === replayedAfter ? {} : { replayAfter }),
  };
}

/** What an operator switched off stays so, whatever was noted meanwhile. */
function withProgress(record: WebhookRecord, progress: Progress): WebhookRecord {
  const { status, statusReason, ...others } = progress;
  if (status === undefined || record.status === "off") return { ...record, ...others };
  const { statusReason: _, ...rest } = record;
  return { ...rest, ...others, status, ...(statusReason === undefined ? {} : { statusReason }) };
}
