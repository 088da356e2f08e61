import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { DeliveryQuery } from "@mission-control/protocol";
import {
  type DeliveryPage,
  type DeliveryPolicy,
  type DeliveryRecord,
  type DeliveryWrite,
  deliveryCursor,
  deliveryJson,
  deliveryPage,
} from "../deliveries.ts";
import { InvalidCursorError } from "../store.ts";
import { Statements } from "./statements.ts";

/** What is delivered is in the log, for as long as that keeps it; what was not, or not yet, is kept here. */
const KEPT_EVENT =
  "CASE excluded.state WHEN 'delivered' THEN NULL ELSE coalesce(excluded.event, webhook_deliveries.event) END";

/** Deliveries of webhooks, by id, by endpoint, and by what has become of them. */
export class DeliveryTable {
  readonly #statements: Statements;
  readonly #put: StatementSync;

  constructor(db: DatabaseSync) {
    this.#statements = new Statements(db);
    this.#put = db.prepare(
      `INSERT INTO webhook_deliveries (id, endpoint_id, event_id, state, updated_at, record, event)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET state = excluded.state, updated_at = excluded.updated_at,
         record = excluded.record, event = ${KEPT_EVENT}`,
    );
  }

  /** Part of the surrounding commit. */
  write(delivery: DeliveryWrite): void {
    const { id, endpointId, eventId, state, updatedAt, event } = delivery;
    this.#put.run(id, endpointId, eventId, state, updatedAt, deliveryJson(delivery), event ?? null);
  }

  /** Removes all of an endpoint's; part of the surrounding commit. */
  deleteOf(endpointId: string): void {
    this.#statements.get("DELETE FROM webhook_deliveries WHERE endpoint_id = ?").run(endpointId);
  }

  get(id: string): DeliveryRecord | null {
    const row = this.#statements.get("SELECT record FROM webhook_deliveries WHERE id = ?").get(id);
    return row ? deliveryOf(row) : null;
  }

  /** The JSON of its event, where it is kept. */
  eventOf(id: string): string | null {
    const row = this.#statements.get("SELECT event FROM webhook_deliveries WHERE id = ?").get(id);
    return row?.event === undefined || row.event === null ? null : String(row.event);
  }

  /** @throws InvalidCursorError */
  page({ endpointId, state, limit, cursor }: DeliveryQuery): DeliveryPage {
    const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : deliveryCursor(cursor);
    if (before === null) throw new InvalidCursorError();
    const conditions = ["seq < ?"];
    const values: (string | number)[] = [before];
    if (endpointId !== undefined) conditions.push("endpoint_id = ?");
    if (endpointId !== undefined) values.push(endpointId);
    // Written out, so that the index of those that wait or failed can answer it.
    if (state !== undefined) conditions.push(`state = '${state}'`);
    const rows = this.#statements
      .get(
        `SELECT seq, record FROM webhook_deliveries WHERE ${conditions.join(" AND ")} ORDER BY seq DESC LIMIT ?`,
      )
      .all(...values, limit + 1);
    return deliveryPage(
      rows.map((row) => ({ seq: Number(row.seq), delivery: deliveryOf(row) })),
      limit,
    );
  }

  waiting(endpointId: string, limit: number): DeliveryRecord[] {
    return this.#statements
      .get(
        "SELECT record FROM webhook_deliveries WHERE state = 'waiting' AND endpoint_id = ? ORDER BY event_id LIMIT ?",
      )
      .all(endpointId, limit)
      .map(deliveryOf);
  }

  waitingCounts(): Map<string, number> {
    const rows = this.#statements
      .get(
        "SELECT endpoint_id, count(*) AS count FROM webhook_deliveries WHERE state = 'waiting' GROUP BY endpoint_id",
      )
      .all();
    return new Map(rows.map((row) => [String(row.endpoint_id), Number(row.count)]));
  }

  /** Removes old ones that are over; part of the surrounding commit. @returns whether more may be left to remove */
  prune({ endpointId, keep, before, rows }: Omit<DeliveryPolicy, "under">): boolean {
    const over = "FROM webhook_deliveries WHERE endpoint_id = ? AND state <> 'waiting'";
    const oldestKept = this.#statements
      .get(`SELECT seq ${over} ORDER BY seq DESC LIMIT 1 OFFSET ?`)
      .get(endpointId, keep);
    const { changes } = this.#statements
      .get(
        `DELETE FROM webhook_deliveries WHERE seq IN (
           SELECT seq ${over} AND (seq <= ? OR updated_at < ?) ORDER BY seq LIMIT ?)`,
      )
      .run(endpointId, Number(oldestKept?.seq ?? 0), before, rows);
    return Number(changes) === rows;
  }
}

function deliveryOf(row: Record<string, unknown>): DeliveryRecord {
  return JSON.parse(String(row.record)) as DeliveryRecord;
}
