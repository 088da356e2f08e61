import type { DatabaseSync, StatementSync } from "node:sqlite";
import {
  type ExchangeKind,
  type ExchangePolicy,
  type ExchangeRecord,
  type ExchangeRow,
  firstIdAt,
  idRange,
  type KeptExchangeQuery,
} from "../exchanges.ts";
import { Statements } from "./statements.ts";

/** What was sent to agents, and callbacks that were refused. */
export class ExchangeTable {
  readonly #statements: Statements;
  readonly #insert: StatementSync;

  constructor(db: DatabaseSync) {
    this.#statements = new Statements(db);
    this.#insert = db.prepare(
      `INSERT OR IGNORE INTO exchanges (id, result, agent_id, task_id, dispatch_id, bytes, record)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
  }

  /** Part of the surrounding commit. */
  add(exchanges: readonly ExchangeRow[]): void {
    for (const { id, result, agentId, taskId, dispatchId, bytes, record } of exchanges) {
      this.#insert.run(id, result, agentId, taskId, dispatchId, bytes, record);
    }
  }

  get(id: string): ExchangeRecord | null {
    const row = this.#statements.get("SELECT record FROM exchanges WHERE id = ?").get(id);
    return row ? exchangeOf(row) : null;
  }

  page({
    kind,
    result,
    agentId,
    taskId,
    dispatchId,
    from,
    before,
    limit,
  }: KeptExchangeQuery): ExchangeRecord[] {
    const [first, below] = idRange(kind);
    const conditions = ["id >= ?", "id < ?"];
    const values: (string | number)[] = [from === undefined ? first : firstIdAt(kind, from), before ?? below];
    for (const [column, value] of Object.entries({
      result,
      agent_id: agentId,
      task_id: taskId,
      dispatch_id: dispatchId,
    })) {
      if (value === undefined) continue;
      conditions.push(`${column} = ?`);
      values.push(value);
    }
    // Said again, so that the index of those that are not can answer it.
    if (result !== undefined && result !== "ok") conditions.push("result <> 'ok'");
    return this.#statements
      .get(`SELECT record FROM exchanges WHERE ${conditions.join(" AND ")} ORDER BY id DESC LIMIT ?`)
      .all(...values, limit)
      .map(exchangeOf);
  }

  /** The newest one that the policy lets go; null for none. Looks at an index alone, as nothing else goes on meanwhile. */
  newestToRemove({ kind, keep, maxBytes, before }: Omit<ExchangePolicy, "under">): string | null {
    const [first, below] = idRange(kind);
    const ofKind = "FROM exchanges WHERE id >= ? AND id < ?";
    const tooMany = this.#statements
      .get(`SELECT id ${ofKind} ORDER BY id DESC LIMIT 1 OFFSET ?`)
      .get(first, below, keep);
    const tooOld = this.#statements.get(`SELECT max(id) AS id ${ofKind}`).get(first, firstIdAt(kind, before));
    const { total } = this.#statements.get(`SELECT sum(bytes) AS total ${ofKind}`).get(first, below) ?? {};
    const tooLarge = Number(total) > maxBytes ? this.#newestBeyond(first, below, maxBytes) : undefined;
    const ids = [tooMany, tooOld, tooLarge].map((row) => row?.id).filter((id) => typeof id === "string");
    return ids.sort().at(-1) ?? null;
  }

  /** The newest one with which those of a kind, from the newest on, take more than so many bytes. */
  #newestBeyond(first: string, below: string, maxBytes: number) {
    return this.#statements
      .get(
        `SELECT id FROM (
           SELECT id, sum(bytes) OVER (ORDER BY id DESC ROWS UNBOUNDED PRECEDING) AS total FROM exchanges
           WHERE id >= ? AND id < ?)
         WHERE total > ? ORDER BY id DESC LIMIT 1`,
      )
      .get(first, below, maxBytes);
  }

  /** Removes the oldest of a kind up to one; part of the surrounding commit. @returns whether more may be left */
  remove(kind: ExchangeKind, upTo: string, rows: number): boolean {
    const { changes } = this.#statements
      .get(
        `DELETE FROM exchanges WHERE rowid IN (
           SELECT rowid FROM exchanges WHERE id >= ? AND id <= ? ORDER BY id LIMIT ?)`,
      )
      .run(idRange(kind)[0], upTo, rows);
    return Number(changes) === rows;
  }
}

function exchangeOf({ record }: Record<string, unknown>): ExchangeRecord {
  return JSON.parse(String(record)) as ExchangeRecord;
}
