import type { DeliveryQuery, DeliveryView } from "@mission-control/protocol";
import type { LeaseToken } from "./operations.ts";

/** Where a service has put a message: of Slack the channel and the message's `ts`, of Telegram the chat and its id. */
export interface MessagePlace {
  channel: string;
  message: string;
}

/** A message that a service shows to people and that waits for somebody: it is changed when that is over. */
export interface ShownMessage extends MessagePlace {
  kind: "question" | "review";
  /** What a `question` is about. */
  requestId?: string;
  dispatchId?: string;
}

/** A delivery of a webhook as it is kept. */
export interface DeliveryRecord extends DeliveryView {
  /** How many of the tries that the schedule counts have failed. */
  failures: number;
  /** Of the event's JSON. */
  bytes: number;
  /** What it put before people, for as long as that waits for them. */
  shown?: ShownMessage;
  /** Those of one lane are tried one after the other, in the order of their events. */
  lane: string;
}

/** A delivery that is written. */
export interface DeliveryWrite extends DeliveryRecord {
  /**
   * The event's JSON, kept until it is delivered: the log may let it go before. Absent, what was kept stays.
   */
  event?: string;
}

/** A page of deliveries, newest first; `nextCursor` leads to the next one, null after the last. */
export interface DeliveryPage {
  items: DeliveryRecord[];
  /** The cursor that goes on behind each of them. */
  places: string[];
  nextCursor: string | null;
}

/** What is kept of deliveries that are over: of each endpoint the newest `keep`, and nothing from before a time. */
export interface DeliveryPolicy {
  endpointId: string;
  keep: number;
  before: string;
  /** So many rows are removed at most. */
  rows: number;
  under: LeaseToken;
}

/** Deliveries of webhooks, as a store keeps them; they are written with their endpoint's record (`Store.edit`). */
export interface DeliveryStore {
  /** The committed state of a delivery; null when there is none. */
  delivery(id: string): Promise<DeliveryRecord | null>;
  /** The JSON of a delivery's event, where it is kept with it. */
  deliveryEvent(id: string): Promise<string | null>;
  /** One page of the deliveries that a query finds. @throws InvalidCursorError */
  deliveries(query: DeliveryQuery): Promise<DeliveryPage>;
  /** Deliveries of an endpoint that wait, in the order of their events. @param limit so many at most */
  waitingDeliveries(endpointId: string, limit: number): Promise<DeliveryRecord[]>;
  /** How many deliveries of each endpoint wait; those of which none does are left out. */
  waitingCounts(): Promise<ReadonlyMap<string, number>>;
  /** Removes old deliveries that are over. Resolves to whether more may be left to remove. */
  pruneDeliveries(policy: DeliveryPolicy): Promise<boolean>;
}

/** The place in the list of deliveries that a cursor stands for; null for one that no page gave. */
export function deliveryCursor(cursor: string): number | null {
  return /^[1-9]\d{0,15}$/.test(cursor) ? Number(cursor) : null;
}

/**
 * A page of deliveries.
 * @param rows those of the page, and one more where there are more
 */
export function deliveryPage(
  rows: readonly { seq: number; delivery: DeliveryRecord }[],
  limit: number,
): DeliveryPage {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(({ delivery }) => delivery),
    places: items.map(({ seq }) => String(seq)),
    nextCursor: rows.length > limit && last ? String(last.seq) : null,
  };
}

/** A delivery as the column `record` holds it. */
export function deliveryJson({ event: _, ...delivery }: DeliveryWrite): string {
  return JSON.stringify(delivery);
}
