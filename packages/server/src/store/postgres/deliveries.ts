import type { DeliveryQuery } from "@mission-control/protocol";
import {
  type DeliveryPage,
  type DeliveryPolicy,
  type DeliveryRecord,
  deliveryCursor,
  deliveryPage,
} from "../deliveries.ts";
import { FencedError } from "../operations.ts";
import { InvalidCursorError } from "../store.ts";
import type { Database } from "./database.ts";
import { prepared, roundTrip } from "./statement.ts";

const selectDelivery = prepared("delivery", "SELECT record FROM webhook_deliveries WHERE id = $1");
const selectEvent = prepared("delivery_event", "SELECT event FROM webhook_deliveries WHERE id = $1");
const selectWaiting = prepared(
  "waiting_deliveries",
  "SELECT record FROM webhook_deliveries WHERE state = 'waiting' AND endpoint_id = $1 ORDER BY event_id NULLS FIRST LIMIT $2",
);
const countWaiting = prepared(
  "count_waiting_deliveries",
  "SELECT endpoint_id, count(*)::int AS count FROM webhook_deliveries WHERE state = 'waiting' GROUP BY endpoint_id",
);
/** Shared: the lease does not change hands before the end of this transaction. */
const lockFence = prepared("lock_delivery_fence", "SELECT fence FROM leases WHERE name = $1 FOR SHARE");
const deleteOld = prepared(
  "delete_old_deliveries",
  `DELETE FROM webhook_deliveries WHERE seq IN (
     SELECT seq FROM webhook_deliveries WHERE endpoint_id = $1 AND state <> 'waiting' AND (updated_at < $3 OR seq <= (
       SELECT seq FROM webhook_deliveries WHERE endpoint_id = $1 AND state <> 'waiting'
       ORDER BY seq DESC LIMIT 1 OFFSET $2))
     ORDER BY seq LIMIT $4)`,
);

/** Deliveries of webhooks as they are read, each in one round trip. @see DeliveryStore */
export class Deliveries {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async get(id: string): Promise<DeliveryRecord | null> {
    const [answer] = await this.#database.read(selectDelivery(id));
    const row = answer?.rows[0];
    return row ? deliveryOf(row) : null;
  }

  /** The JSON of its event, where it is kept. */
  async eventOf(id: string): Promise<string | null> {
    const [answer] = await this.#database.read(selectEvent(id));
    return answer?.rows[0]?.event ?? null;
  }

  async page({ endpointId, state, limit, cursor }: DeliveryQuery): Promise<DeliveryPage> {
    const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : deliveryCursor(cursor);
    if (before === null) throw new InvalidCursorError();
    const conditions = ["seq < $1"];
    const values: (string | number)[] = [before, limit + 1];
    if (endpointId !== undefined) conditions.push(`endpoint_id = $${values.push(endpointId)}`);
    // Written out, so that the index of those that wait or failed can answer it.
    if (state !== undefined) conditions.push(`state = '${state}'`);
    const select = prepared(
      `deliveries_${endpointId === undefined ? "all" : "of_endpoint"}_${state ?? "any"}`,
      `SELECT seq, record FROM webhook_deliveries WHERE ${conditions.join(" AND ")} ORDER BY seq DESC LIMIT $2`,
    );
    const [answer] = await this.#database.read(select(...values));
    return deliveryPage(
      (answer?.rows ?? []).map((row) => ({ seq: Number(row.seq), delivery: deliveryOf(row) })),
      limit,
    );
  }

  async waiting(endpointId: string, limit: number): Promise<DeliveryRecord[]> {
    const [answer] = await this.#database.read(selectWaiting(endpointId, limit));
    return (answer?.rows ?? []).map(deliveryOf);
  }

  async waitingCounts(): Promise<Map<string, number>> {
    const [answer] = await this.#database.read(countWaiting());
    return new Map((answer?.rows ?? []).map(({ endpoint_id, count }) => [endpoint_id, count]));
  }

  async prune({ endpointId, keep, before, rows, under }: DeliveryPolicy): Promise<boolean> {
    return this.#database.with(async (client) => {
      const [, lease] = await roundTrip(client, ["BEGIN", lockFence(under.name)]);
      if (lease?.rows[0]?.fence !== String(under.fence)) throw new FencedError(under.name);
      const [gone] = await roundTrip(client, [deleteOld(endpointId, keep, before, rows), "COMMIT"]);
      return gone?.rowCount === rows;
    });
  }
}

function deliveryOf({ record }: { record: string }): DeliveryRecord {
  return JSON.parse(record) as DeliveryRecord;
}
