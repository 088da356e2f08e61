import type { Client } from "pg";
import type { SharedKeys } from "../../keys.ts";
import type { Task } from "../../tasks/task.ts";
import type { Contents } from "../contents.ts";
import {
  type CarriedRow,
  MOVE_TABLE,
  type MoveState,
  type MoveTarget,
  type Part,
  sortedJson,
  UnfinishedMoveError,
  type Value,
} from "../move-parts.ts";
import { ContentTable } from "./content-table.ts";
import { Database } from "./database.ts";
import { toStoreError } from "./engine-error.ts";
import { LogMark } from "./log-mark.ts";
import { LogPlace } from "./log-place.ts";
import { migrate } from "./migrations.ts";
import { beAlone } from "./presence.ts";
import { writingTasks } from "./row-writer.ts";
import { sharedKey } from "./shared-key.ts";
import { prepared, roundTrip, type Statement } from "./statement.ts";
import { TASK_COLUMNS, TASKS, taskOf } from "./task-row.ts";

const HAS_MOVE = `SELECT to_regclass(quote_ident(current_schema()) || '.${MOVE_TABLE}') IS NOT NULL AS found`;

const writeState = prepared("write_move", `UPDATE ${MOVE_TABLE} SET state = $1`);

/** @throws UnfinishedMoveError */
export async function refuseUnfinishedMove(client: Client, name: string): Promise<void> {
  const { rows } = await client.query(HAS_MOVE);
  if (rows[0]?.found) throw new UnfinishedMoveError(`The database ${name}`);
}

/** What a database keeps, read and written part by part; no server works on it meanwhile. */
export class PostgresMoveSide implements MoveTarget, SharedKeys {
  readonly contents: Contents;
  readonly #database: Database;
  /** Keeps the servers off. */
  readonly #client: Client;

  /** @throws DatabaseInUseError, NewerDatabaseError, UnsuitableDatabaseError, StoreUnavailableError */
  static async open(url: string): Promise<PostgresMoveSide> {
    const database = new Database(url);
    try {
      const client = await database.connect(() => {}, { isPatient: true });
      await database.check(client);
      await beAlone(client, database.name);
      await migrate(client);
      await new LogPlace(new LogMark(undefined)).settle(client);
      return new PostgresMoveSide(database, client);
    } catch (error) {
      await database.close();
      throw toStoreError(error);
    }
  }

  private constructor(database: Database, client: Client) {
    this.contents = new ContentTable(database, Number.POSITIVE_INFINITY);
    this.#database = database;
    this.#client = client;
  }

  async identity(): Promise<string> {
    const { rows } = await this.#client.query("SELECT current_schema() AS schema");
    return `postgres ${this.#database.name} ${rows[0]?.schema} at ${await this.newestEventId()}`;
  }

  async newestEventId(): Promise<number> {
    const { rows } = await this.#client.query("SELECT newest FROM log_head");
    return Number(rows[0]?.newest);
  }

  async rows(part: Part, after: readonly Value[] | null): Promise<CarriedRow[]> {
    const { name, columns, key, atOnce } = part;
    const source: Source = SOURCES[name] ?? { from: name, select: columns.join(", ") };
    const behind = after ? `WHERE (${key.join(", ")}) > (${key.map((_, index) => `$${index + 1}`)})` : "";
    const keys = key.map((column, index) => `${column} AS key_${index}`).join(", ");
    const [answer] = await this.#database.read(
      prepared(
        `carried_${name}${after ? "_after" : ""}`,
        `SELECT ${keys}, ${source.select} FROM ${source.from} ${behind} ORDER BY ${key.join(", ")} LIMIT ${atOnce}`,
      )(...(after ?? [])),
    );
    return (answer?.rows ?? []).map((row) => ({
      key: key.map((_, index) => row[`key_${index}`]),
      values: source.values?.(row) ?? columns.map((column) => row[column]),
    }));
  }

  async unfinished(): Promise<MoveState | null> {
    const { rows: found } = await this.#client.query(HAS_MOVE);
    if (!found[0]?.found) return null;
    const { rows } = await this.#client.query(`SELECT state FROM ${MOVE_TABLE}`);
    return JSON.parse(rows[0]?.state) as MoveState;
  }

  async isEmpty(): Promise<boolean> {
    const { rows } = await this.#client.query(
      `SELECT (SELECT newest FROM log_head) = 0 AND NOT EXISTS (SELECT FROM events) AND NOT EXISTS (SELECT FROM tasks)
         AND NOT EXISTS (SELECT FROM records) AS empty`,
    );
    return rows[0]?.empty;
  }

  async begin(state: MoveState): Promise<void> {
    const table = `CREATE TABLE ${MOVE_TABLE} (state text NOT NULL)`;
    const insert = prepared("begin_move", `INSERT INTO ${MOVE_TABLE} VALUES ($1)`);
    // The second statement can be understood only once the first was carried out.
    await this.#database.with(async (client) => {
      await roundTrip(client, ["BEGIN", table]);
      await roundTrip(client, [insert(JSON.stringify(state)), "COMMIT"]);
    });
  }

  async write(part: Part, rows: readonly CarriedRow[], state: MoveState): Promise<void> {
    await this.#database.with((client) =>
      roundTrip(client, ["BEGIN", ...inserting(part, rows), writeState(JSON.stringify(state)), "COMMIT"]),
    );
  }

  async finish(): Promise<void> {
    try {
      // On the connection that waits for as long as it takes.
      await roundTrip(this.#client, [
        "BEGIN",
        "SET LOCAL statement_timeout = 0",
        "UPDATE log_head SET newest = greatest(newest, (SELECT max(id) FROM events), (SELECT max(last) FROM log_gaps))",
        "UPDATE log_tail SET oldest = coalesce((SELECT min(id) FROM events), oldest)",
        `DROP TABLE ${MOVE_TABLE}`,
        "ANALYZE",
        "COMMIT",
      ]);
    } catch (error) {
      await this.#client.query("ROLLBACK").catch(() => {});
      throw toStoreError(error);
    }
  }

  /** @see SharedKeys.sharedKey */
  sharedKey(name: string, candidate: string): Promise<string> {
    return sharedKey(this.#database, name, candidate);
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => {});
    await this.#database.close();
  }
}

/** Where a part is read from. */
interface Source {
  from: string;
  select: string;
  /** The values of a row; without it, those of the columns. */
  values?: (row: Record<string, string>) => Value[];
}

/** Those that are not tables with the columns they are carried in. */
const SOURCES: Readonly<Record<string, Source>> = {
  tasks: { from: TASKS, select: TASK_COLUMNS, values: (row) => [sortedJson(taskOf(row))] },
  commands: {
    from: "commands",
    select: "id, command",
    values: ({ id, command }) => [id as string, sortedJson(JSON.parse(command as string))],
  },
};

/** Values of columns that are made of those that are carried. */
const MADE: Readonly<Record<string, { column: string; value: string }>> = {
  records: { column: "concurrency", value: "(record::json ->> 'concurrency')::integer" },
};

function inserting({ name, columns }: Part, rows: readonly CarriedRow[]): Statement[] {
  if (name === "tasks") {
    const tasks = rows.map(({ values: [task] }) => JSON.parse(task as string) as Task);
    return writingTasks(
      tasks.map((task) => ({ task, isKnown: false, asOf: 0, followsFromEvents: false })),
      () => null,
    );
  }
  const names = columns.join(", ");
  const made = MADE[name];
  const insert = prepared(
    `carry_${name}`,
    `INSERT INTO ${name} (${names}${made ? `, ${made.column}` : ""})
     SELECT ${names}${made ? `, ${made.value}` : ""} FROM json_populate_recordset(NULL::${name}, $1)`,
  );
  const objects = rows.map(({ values }) =>
    Object.fromEntries(columns.map((column, index) => [column, inJson(values[index] ?? null)])),
  );
  return [insert(JSON.stringify(objects))];
}

/** Bytes as PostgreSQL reads them from text. */
function inJson(value: Value): Value {
  return value instanceof Uint8Array ? `\\x${Buffer.from(value).toString("hex")}` : value;
}
