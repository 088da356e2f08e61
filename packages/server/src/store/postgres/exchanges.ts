import {
  type ExchangePolicy,
  type ExchangeRecord,
  type ExchangeRow,
  firstIdAt,
  idRange,
  type KeptExchangeQuery,
} from "../exchanges.ts";
import { FencedError } from "../operations.ts";
import type { Database } from "./database.ts";
import { prepared, roundTrip } from "./statement.ts";

const insert = prepared(
  "add_exchanges",
  `INSERT INTO exchanges (id, result, agent_id, task_id, dispatch_id, bytes, record)
   SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::text[])
   ON CONFLICT DO NOTHING`,
);
const selectOne = prepared("exchange", "SELECT record FROM exchanges WHERE id = $1");
/** Shared: the lease does not change hands before the end of this transaction. */
const lockFence = prepared("lock_exchange_fence", "SELECT fence FROM leases WHERE name = $1 FOR SHARE");
const deleteOld = prepared(
  "delete_old_exchanges",
  `DELETE FROM exchanges WHERE id IN (
     SELECT id FROM exchanges WHERE id >= $1 AND id <= (
       SELECT max(id) FROM (
         SELECT id, row_number() OVER newest AS place, sum(bytes) OVER newest AS total FROM exchanges
         WHERE id >= $1 AND id < $2 WINDOW newest AS (ORDER BY id DESC ROWS UNBOUNDED PRECEDING)) AS kept
       WHERE place > $3 OR total > $4 OR id < $5)
     ORDER BY id LIMIT $6)`,
);

/** What was sent to agents, and callbacks that were refused; each call is one round trip. @see ExchangeStore */
export class Exchanges {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async add(rows: readonly ExchangeRow[]): Promise<void> {
    const statement = insert(
      rows.map(({ id }) => id),
      rows.map(({ result }) => result),
      rows.map(({ agentId }) => agentId),
      rows.map(({ taskId }) => taskId),
      rows.map(({ dispatchId }) => dispatchId),
      rows.map(({ bytes }) => bytes),
      rows.map(({ record }) => record),
    );
    await this.#database.with((client) => roundTrip(client, [statement]));
  }

  async get(id: string): Promise<ExchangeRecord | null> {
    const [answer] = await this.#database.read(selectOne(id));
    const row = answer?.rows[0];
    return row ? exchangeOf(row) : null;
  }

  async page(query: KeptExchangeQuery): Promise<ExchangeRecord[]> {
    const { kind, result, agentId, taskId, dispatchId, from, before, limit } = query;
    const [first, below] = idRange(kind);
    const values: (string | number)[] = [
      from === undefined ? first : firstIdAt(kind, from),
      before ?? below,
      limit,
    ];
    const wanted = Object.entries({ result, agent_id: agentId, task_id: taskId, dispatch_id: dispatchId });
    const given = wanted.filter((one): one is [string, string] => one[1] !== undefined);
    const conditions = given.map(([column, value]) => `${column} = $${values.push(value)}`);
    // Said again, so that the index of those that are not can answer it.
    if (result !== undefined && result !== "ok") conditions.push("result <> 'ok'");
    const select = prepared(
      `exchanges_${conditions.length}_${given.map(([column]) => column).join("_")}`,
      `SELECT record FROM exchanges WHERE ${["id >= $1", "id < $2", ...conditions].join(" AND ")}
       ORDER BY id DESC LIMIT $3`,
    );
    const [answer] = await this.#database.read(select(...values));
    return (answer?.rows ?? []).map(exchangeOf);
  }

  async prune({ kind, keep, maxBytes, before, rows, under }: ExchangePolicy): Promise<boolean> {
    return this.#database.with(async (client) => {
      const [, lease] = await roundTrip(client, ["BEGIN", lockFence(under.name)]);
      if (lease?.rows[0]?.fence !== String(under.fence)) throw new FencedError(under.name);
      const old = deleteOld(...idRange(kind), keep, maxBytes, firstIdAt(kind, before), rows);
      const [gone] = await roundTrip(client, [old, "COMMIT"]);
      return gone?.rowCount === rows;
    });
  }
}

function exchangeOf({ record }: { record: string }): ExchangeRecord {
  return JSON.parse(record) as ExchangeRecord;
}
