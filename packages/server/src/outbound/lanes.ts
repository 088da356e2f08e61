import type { DeliveryRecord } from "../store/deliveries.ts";

/** A delivery that is not over, in memory. */
export interface Item {
  delivery: DeliveryRecord;
  /** The event's JSON; null where it has to be read from the store. */
  json: string | null;
  /** When it is to be tried, in Unix milliseconds; 0 for at once. */
  dueAt: number;
  /** The next try is one beside the schedule: it costs the delivery none of its own. */
  isExtra: boolean;
  /** Whether the store has it as it is: the endpoint's position may go past it. */
  isKept: boolean;
}

/**
 * What is to be delivered to one endpoint, in lanes: the deliveries of a lane are tried one after the other, those of
 * different lanes beside each other. An item is due when it is the first of its lane, and its time has come.
 */
export class Lanes {
  readonly #lanes = new Map<string, Item[]>();
  /** First of their lanes, and not under way. */
  readonly #heads = new Set<Item>();

  /** Adds an item behind the others of its lane. @returns what is before it there, if anything is */
  add(item: Item): Item | undefined {
    const { lane } = item.delivery;
    const items = this.#lanes.get(lane);
    if (items) {
      items.push(item);
      return items[0];
    }
    this.#lanes.set(lane, [item]);
    this.#heads.add(item);
    return undefined;
  }

  /** Whether a lane has items. */
  has(lane: string): boolean {
    return this.#lanes.has(lane);
  }

  /** Takes the item that is due and has the oldest event, to be tried; null when none is. */
  take(now: number): Item | null {
    let oldest: Item | null = null;
    for (const item of this.#heads) {
      if (item.dueAt <= now && (!oldest || isBefore(item, oldest))) oldest = item;
    }
    if (oldest) this.#heads.delete(oldest);
    return oldest;
  }

  /** Puts one back that was taken: it stays the first of its lane. */
  putBack(item: Item): void {
    this.#heads.add(item);
  }

  /** Removes one that was taken and is over; the next of its lane takes its place. */
  remove({ delivery: { lane } }: Item): void {
    const items = this.#lanes.get(lane);
    items?.shift();
    const next = items?.[0];
    if (next) this.#heads.add(next);
    else this.#lanes.delete(lane);
  }

  /** What is behind the first one of an item's lane. */
  behind({ delivery: { lane } }: Item): readonly Item[] {
    return this.#lanes.get(lane)?.slice(1) ?? [];
  }

  /** When the next one is due that is not yet, in Unix milliseconds; null when none is. */
  nextDue(now: number): number | null {
    let next = Number.POSITIVE_INFINITY;
    for (const { dueAt } of this.#heads) if (dueAt > now && dueAt < next) next = dueAt;
    return Number.isFinite(next) ? next : null;
  }

  /** Makes all due that wait for their time, beside the schedule. */
  hasten(now: number): void {
    for (const item of this.#heads) makeDue(item, now);
  }

  /** Makes a delivery due, and what is before it in its lane, on which it waits. @returns whether it is there */
  hastenTo({ id, lane }: Pick<DeliveryRecord, "id" | "lane">, now: number): boolean {
    const items = this.#lanes.get(lane) ?? [];
    const index = items.findIndex(({ delivery }) => delivery.id === id);
    for (const item of items.slice(0, index + 1)) makeDue(item, now);
    return index >= 0;
  }
}

function makeDue(item: Item, now: number): void {
  if (item.dueAt <= now) return;
  item.dueAt = 0;
  item.isExtra = true;
}

function isBefore(a: Item, b: Item): boolean {
  return (a.delivery.eventId ?? 0) < (b.delivery.eventId ?? 0);
}
