import { existsSync } from "node:fs";
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { Task } from "../../tasks/task.ts";
import { openContentFolder } from "../content-folder.ts";
import type { Contents } from "../contents.ts";
import type { PendingCommand } from "../log-change.ts";
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
import { AttemptTable } from "./attempt-table.ts";
import { checkPages } from "./damage.ts";
import { databaseFile, type OpenDatabase, openDatabase } from "./database.ts";
import { EventLog } from "./event-log.ts";
import { GAPS_TABLE, writeGap } from "./log-gaps.ts";
import { ReceiptTable } from "./receipt-table.ts";
import { TASK_COLUMNS, taskOf } from "./task-row.ts";
import { TaskTable } from "./task-table.ts";
import { WriteBehind } from "./write-behind.ts";

const HAS_MOVE = `SELECT 1 FROM sqlite_schema WHERE name = '${MOVE_TABLE}'`;

/** @throws UnfinishedMoveError */
export function refuseUnfinishedMove(db: DatabaseSync, file: string): void {
  if (db.prepare(HAS_MOVE).get()) throw new UnfinishedMoveError(file);
}

/** What a data folder's SQLite file keeps, read and written part by part; nobody else has the folder meanwhile. */
export class SqliteMoveSide implements MoveTarget {
  readonly contents: Contents;
  readonly #database: OpenDatabase;
  readonly #db: DatabaseSync;
  readonly #tasks: TaskTable;

  /** @throws DataFolderInUseError, NewerDatabaseError, DamagedDatabaseError */
  static async open(folder: string): Promise<SqliteMoveSide> {
    const database = openDatabase(folder);
    try {
      if (database.needsCheck) checkPages(database.db, databaseFile(folder));
      return new SqliteMoveSide(database, await openContentFolder(folder));
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** Whether a folder has a database. */
  static isThere(folder: string): boolean {
    return existsSync(databaseFile(folder));
  }

  private constructor(database: OpenDatabase, contents: Contents) {
    this.contents = contents;
    this.#database = database;
    this.#db = database.db;
    this.#tasks = new TaskTable(this.#db);
    const parts = {
      log: new EventLog(this.#db),
      receipts: new ReceiptTable(this.#db),
      tasks: this.#tasks,
      attempts: new AttemptTable(this.#db),
    };
    // What a process that was killed did not come to: everything has its place from here on.
    new WriteBehind(parts).recover(this.#db);
  }

  async identity(): Promise<string> {
    const instance = this.#db.prepare("SELECT value FROM meta WHERE key = 'instance'").get()?.value;
    return `sqlite ${instance} at ${await this.newestEventId()}`;
  }

  async newestEventId(): Promise<number> {
    return Number(this.#db.prepare("SELECT max(id) AS id FROM events").get()?.id ?? 0);
  }

  async rows({ name, columns, key, atOnce }: Part, after: readonly Value[] | null): Promise<CarriedRow[]> {
    const source: Source = SOURCES[name] ?? { from: name, select: columns.join(", ") };
    const behind = after ? `WHERE (${key.join(", ")}) > (${key.map(() => "?").join(", ")})` : "";
    const keys = key.map((column, index) => `${column} AS key_${index}`).join(", ");
    const found = this.#db
      .prepare(
        `SELECT ${keys}, ${source.select} FROM ${source.from} ${behind} ORDER BY ${key.join(", ")} LIMIT ${atOnce}`,
      )
      .all(...((after ?? []) as SQLInputValue[]));
    return found.map((row) => ({
      key: key.map((_, index) => row[`key_${index}`] as Value),
      values: source.values?.(row) ?? columns.map((column) => row[column] as Value),
    }));
  }

  async unfinished(): Promise<MoveState | null> {
    if (!this.#db.prepare(HAS_MOVE).get()) return null;
    return JSON.parse(String(this.#db.prepare(`SELECT state FROM ${MOVE_TABLE}`).get()?.state)) as MoveState;
  }

  async isEmpty(): Promise<boolean> {
    const found = this.#db.prepare(
      "SELECT EXISTS (SELECT 1 FROM events) + EXISTS (SELECT 1 FROM tasks) + EXISTS (SELECT 1 FROM records) AS found",
    );
    return found.get()?.found === 0;
  }

  async begin(state: MoveState): Promise<void> {
    this.#inTransaction(() => {
      this.#db.exec(`CREATE TABLE ${MOVE_TABLE} (state TEXT NOT NULL)`);
      this.#db.prepare(`INSERT INTO ${MOVE_TABLE} VALUES (?)`).run(JSON.stringify(state));
    });
  }

  async write(part: Part, rows: readonly CarriedRow[], state: MoveState): Promise<void> {
    this.#inTransaction(() => {
      this.#insert(part, rows, state);
      this.#db.prepare(`UPDATE ${MOVE_TABLE} SET state = ?`).run(JSON.stringify(state));
    });
  }

  async finish(): Promise<void> {
    this.#db.exec(`DROP TABLE ${MOVE_TABLE}`);
  }

  async close(): Promise<void> {
    await this.contents.close();
    this.#database.close();
  }

  #insert({ name, columns }: Part, rows: readonly CarriedRow[], state: MoveState): void {
    if (name === "tasks") {
      for (const { values } of rows) {
        this.#tasks.add(JSON.parse(String(values[0])) as Task, state.newestEventId);
      }
      this.#tasks.writeWaiting();
      return;
    }
    if (name === "commands") {
      const insert = this.#db.prepare(
        "INSERT INTO commands (id, dispatch_id, task_id, agent_id, command) VALUES (?, ?, ?, ?, ?)",
      );
      for (const { values } of rows) {
        const { id, dispatchId, taskId, agentId, command } = JSON.parse(String(values[1])) as PendingCommand;
        insert.run(id, dispatchId, taskId, agentId, JSON.stringify(command));
      }
      return;
    }
    if (name === "log_gaps") {
      for (const { values } of rows) {
        writeGap(this.#db, { from: Number(values[0]), to: Number(values[1]) });
      }
      return;
    }
    // All that an event brings along is carried, so the indexes may know it at once.
    const also = name === "events" ? ", indexed" : "";
    const insert = this.#db.prepare(
      `INSERT INTO ${name} (${columns.join(", ")}${also}) VALUES (${columns.map(() => "?").join(", ")}${also && ", 1"})`,
    );
    for (const { values } of rows) insert.run(...(values as SQLInputValue[]));
    if (name !== "events") return;
    this.#db.prepare("UPDATE meta SET value = ? WHERE key = 'indexed_up_to'").run(Number(state.after?.[0]));
  }

  #inTransaction(work: () => void): void {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      work();
      this.#db.exec("COMMIT");
      this.#tasks.committed();
    } catch (error) {
      this.#db.exec("ROLLBACK");
      this.#tasks.rolledBack();
      throw error;
    }
  }
}

/** Where a part is read from. */
interface Source {
  from: string;
  select: string;
  /** The values of a row; without it, those of the columns. */
  values?: (row: Record<string, unknown>) => Value[];
}

/** Those that are not tables with the columns they are carried in. */
const SOURCES: Readonly<Record<string, Source>> = {
  tasks: {
    from: "tasks JOIN task_texts USING (seq)",
    select: TASK_COLUMNS,
    values: (row) => [sortedJson(taskOf(row))],
  },
  log_gaps: { from: GAPS_TABLE, select: "first, last" },
  commands: {
    from: "commands",
    select: "*",
    values: ({ id, dispatch_id: dispatchId, task_id: taskId, agent_id: agentId, command }) => [
      id as number,
      sortedJson({ id, dispatchId, taskId, agentId, command: JSON.parse(String(command)) }),
    ],
  },
};
