import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { type TaskQuery, type TaskSort, taskSortSchema, taskStatusSchema } from "@mission-control/protocol";
import type { Task } from "../../tasks/task.ts";
import { InvalidCursorError, type TaskPage } from "../store.ts";
import { searchText, TASK_COLUMNS, taskOf } from "./task-row.ts";

/** Up to this many tasks found by a tag or a search are sorted; more, and walking the sort's index is quicker. */
const SMALL_SET = 2000;
/** Rows one page may look at: bounds its time where few match. Such a page is short, and its cursor goes on. */
const SCAN_BUDGET = 5000;
const SCAN_STEP = 500;
/** The trigram index cannot find anything shorter. */
const SHORTEST_INDEXED_SEARCH = 3;

/** Columns of each sort, all descending; `seq` makes every place unique. */
const SORT_COLUMNS: Readonly<Record<TaskSort, readonly string[]>> = {
  createdAt: ["seq"],
  priority: ["priority", "seq"],
  updatedAt: ["updated_at", "seq"],
};

type Key = readonly SQLInputValue[];
interface Condition {
  sql: string;
  values: SQLInputValue[];
}
interface Row {
  key: Key;
  task: Task;
}

/** The task list: every filter and sort by way of an index, a page at a time. */
export class TaskList {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** @throws InvalidCursorError */
  page(query: TaskQuery): Omit<TaskPage, "lastEventId"> {
    const after = query.cursor === undefined ? null : decodeCursor(query.cursor, query.sort);
    const found = this.#smallSet(query);
    if (found) return pageOf(query, this.#sortSet(query, found, after, query.limit + 1));
    const matches = matcher(query);
    if (!matches) return pageOf(query, this.#walk(query, after, query.limit + 1));
    return this.#scan(query, after, matches);
  }

  /** Walks in sort order and keeps what matches, until the page is full or the budget is spent. */
  #scan(
    query: TaskQuery,
    start: Key | null,
    matches: (task: Task) => boolean,
  ): Omit<TaskPage, "lastEventId"> {
    const kept: Row[] = [];
    let after = start;
    for (let scanned = 0; scanned < SCAN_BUDGET; scanned += SCAN_STEP) {
      const rows = this.#walk(query, after, SCAN_STEP);
      for (const row of rows) if (matches(row.task)) kept.push(row);
      if (kept.length > query.limit || rows.length < SCAN_STEP) return pageOf(query, kept);
      after = rows.at(-1)?.key ?? after;
    }
    return { items: kept.map(({ task }) => task), nextCursor: after && encodeCursor(query.sort, after) };
  }

  /** The rows after a place, by joining the ranges of the statuses asked for. */
  #walk(query: TaskQuery, after: Key | null, limit: number): Row[] {
    const statuses = query.status ? [query.status] : taskStatusSchema.options;
    const columns = SORT_COLUMNS[query.sort];
    const order = columns.map((column) => `${column} DESC`).join(", ");
    const place = afterPlace(columns, after);
    const agent: Condition = query.agentId
      ? { sql: " AND agent_id = ?", values: [query.agentId] }
      : { sql: "", values: [] };
    const ranges = statuses.map(
      () =>
        `SELECT * FROM (SELECT ${columns.join(", ")} FROM tasks WHERE status = ?${agent.sql}${place.sql} ORDER BY ${order} LIMIT ?)`,
    );
    const values = statuses.flatMap((status) => [status, ...agent.values, ...place.values, limit]);
    return this.#read(query.sort, `SELECT * FROM (${ranges.join(" UNION ALL ")}) ORDER BY ${order} LIMIT ?`, [
      ...values,
      limit,
    ]);
  }

  /** Sorts the tasks of a small set that also meet the other filters. */
  #sortSet(query: TaskQuery, set: Condition, after: Key | null, limit: number): Row[] {
    const columns = SORT_COLUMNS[query.sort];
    const order = columns.map((column) => `${column} DESC`).join(", ");
    const conditions: Condition[] = [set, afterPlace(columns, after)];
    if (query.status) conditions.push({ sql: " AND +status = ?", values: [query.status] });
    if (query.agentId) conditions.push({ sql: " AND +agent_id = ?", values: [query.agentId] });
    const sql = `SELECT ${columns.join(", ")} FROM tasks WHERE true${conditions.map((one) => one.sql).join("")} ORDER BY ${order} LIMIT ?`;
    return this.#read(query.sort, sql, [...conditions.flatMap((one) => one.values), limit]);
  }

  /** The tag and search conditions, if together they leave few enough tasks to sort. */
  #smallSet(query: TaskQuery): Condition | null {
    const conditions: Condition[] = [];
    if (query.q !== undefined && isIndexed(query.q)) {
      const phrase = `"${query.q.replaceAll('"', '""')}"`;
      conditions.push({
        sql: "SELECT rowid AS seq FROM task_search WHERE task_search MATCH ?",
        values: [phrase],
      });
    }
    if (query.tag !== undefined) {
      conditions.push({ sql: "SELECT seq FROM task_tags WHERE tag = ?", values: [query.tag] });
    }
    if (!conditions.some((one) => this.#isSmall(one))) return null;
    // What the index cannot find must still be looked for task by task.
    if (query.q !== undefined && !isIndexed(query.q)) return null;
    return {
      sql: conditions.map((one) => ` AND seq IN (${one.sql})`).join(""),
      values: conditions.flatMap((one) => one.values),
    };
  }

  #isSmall({ sql, values }: Condition): boolean {
    const row = this.#db
      .prepare(`SELECT count(*) AS count FROM (${sql} LIMIT ${SMALL_SET + 1})`)
      .get(...values);
    return Number(row?.count) <= SMALL_SET;
  }

  #read(sort: TaskSort, keysSql: string, values: readonly SQLInputValue[]): Row[] {
    const columns = SORT_COLUMNS[sort];
    const order = columns.map((column) => `keys.${column} DESC`).join(", ");
    const rows = this.#db
      .prepare(
        `SELECT keys.*, ${TASK_COLUMNS} FROM (${keysSql}) AS keys
         JOIN tasks USING (seq) JOIN task_texts USING (seq) ORDER BY ${order}`,
      )
      .all(...values);
    return rows.map((row) => ({
      key: columns.map((column) => row[column] as SQLInputValue),
      task: taskOf(row),
    }));
  }
}

/** Whether the trigram index can look for a text: three code points at least, and none that ends a query early. */
function isIndexed(q: string): boolean {
  return [...q].length >= SHORTEST_INDEXED_SEARCH && !q.includes("\0");
}

/** What a walked task must meet besides status and agent; null when nothing. */
function matcher({ tag, q }: TaskQuery): ((task: Task) => boolean) | null {
  if (tag === undefined && q === undefined) return null;
  const wanted = q?.toLowerCase();
  return (task) =>
    (tag === undefined || task.tags.includes(tag)) &&
    (wanted === undefined || searchText(task.title, task.description).toLowerCase().includes(wanted));
}

function afterPlace(columns: readonly string[], after: Key | null): Condition {
  if (!after) return { sql: "", values: [] };
  const marks = columns.map(() => "?").join(", ");
  return { sql: ` AND (${columns.join(", ")}) < (${marks})`, values: [...after] };
}

/** Cuts the row that was asked for beyond the page: it only says that there is more. */
function pageOf(query: TaskQuery, rows: readonly Row[]): Omit<TaskPage, "lastEventId"> {
  const items = rows.slice(0, query.limit);
  const last = items.at(-1);
  return {
    items: items.map(({ task }) => task),
    nextCursor: rows.length > query.limit && last ? encodeCursor(query.sort, last.key) : null,
  };
}

function encodeCursor(sort: TaskSort, key: Key): string {
  return Buffer.from(JSON.stringify([sort, ...key])).toString("base64url");
}

function decodeCursor(cursor: string, sort: TaskSort): Key {
  const invalid = () =>
    new InvalidCursorError("cursor must be a nextCursor of the same list with the same sort.");
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    throw invalid();
  }
  if (!Array.isArray(parts) || taskSortSchema.safeParse(parts[0]).data !== sort) throw invalid();
  const key = parts.slice(1);
  const complete = key.length === SORT_COLUMNS[sort].length;
  if (!complete || !key.every((part) => typeof part === "string" || Number.isSafeInteger(part)))
    throw invalid();
  return key as Key;
}
