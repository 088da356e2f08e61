import type { TaskQuery, TaskSort } from "@mission-control/protocol";
import type { TaskPage } from "../store.ts";
import { decodeCursor, encodeCursor, type Key, SORT_COLUMNS } from "../task-cursor.ts";
import type { Database } from "./database.ts";
import { prepared, type Statement } from "./statement.ts";
import { searchable, TASK_COLUMNS, TASKS, tagOf, taskOf } from "./task-row.ts";

/**
 * How many tasks a search looks at for one page: bounds its time where few match. Such a page is short, and its
 * cursor goes on.
 */
const SEARCHED_AT_ONCE = 4000;

const selectNewest = prepared("newest", "SELECT newest FROM log_head");

/** The task list, a page at a time, in the order of its sort. */
export class TaskList {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** @throws InvalidCursorError, StoreUnavailableError */
  async page(query: TaskQuery): Promise<TaskPage> {
    const after = query.cursor === undefined ? null : decodeCursor(query.cursor, query.sort);
    const statements =
      query.q === undefined ? [selectPage(query, after)] : selectSearch(query, after, query.q);
    const [head, page, end] = await this.#database.readAtOnce(selectNewest(), ...statements);
    const rows = page?.rows ?? [];
    const last = rows.length > query.limit ? rows[query.limit - 1] : end?.rows[0];
    return {
      items: rows.slice(0, query.limit).map(taskOf),
      nextCursor: last ? encodeCursor(query.sort, keyOf(query.sort, last)) : null,
      lastEventId: Number(head?.rows[0]?.newest),
    };
  }
}

function keyOf(sort: TaskSort, row: Record<string, unknown>): Key {
  return SORT_COLUMNS[sort].map((column) =>
    column === "updated_at" ? String(row[column]) : Number(row[column]),
  );
}

/** The page's tasks, and one more where there are more. */
function selectPage(query: TaskQuery, after: Key | null): Statement {
  const { name, from, order, columns, values } = walk(query, after);
  const limit = `$${values.push(query.limit + 1)}`;
  return prepared(
    `list_${name}`,
    `SELECT ${TASK_COLUMNS}, ${columns} FROM ${from} ORDER BY ${order} LIMIT ${limit}`,
  )(...values);
}

/** The page's tasks among those that a search looks at, and the last of these where they are not all. */
function selectSearch(query: TaskQuery, after: Key | null, q: string): Statement[] {
  const { name, from, order, columns, values } = walk(query, after);
  const end = prepared(
    `searched_${name}`,
    `SELECT ${columns} FROM ${from} ORDER BY ${order} OFFSET ${SEARCHED_AT_ONCE - 1} LIMIT 1`,
  )(...values);
  const text = `$${values.push(searchable(q))}`;
  const limit = `$${values.push(query.limit + 1)}`;
  const found = prepared(
    `search_${name}`,
    `SELECT ${TASK_COLUMNS}, ${columns} FROM (
       SELECT seq FROM (
         SELECT ${columns}, search FROM ${from} ORDER BY ${order} LIMIT ${SEARCHED_AT_ONCE}
       ) AS seen WHERE strpos(search, ${text}) > 0 ORDER BY ${order} LIMIT ${limit}
     ) AS found JOIN ${TASKS} USING (seq) ORDER BY ${order}`,
  )(...values);
  return [found, end];
}

/** The way through the tasks that pass the filters, in the sort's order. */
function walk({ sort, status, agentId, tag }: TaskQuery, after: Key | null) {
  const sorted = SORT_COLUMNS[sort];
  const values: unknown[] = [];
  const parameter = (value: unknown) => `$${values.push(value)}`;
  const conditions: string[] = [];
  const names: string[] = [sort];
  const add = (name: string, condition: string) => {
    names.push(name);
    conditions.push(condition);
  };
  if (status !== undefined) add("status", `status = ${parameter(status)}`);
  if (agentId !== undefined) add("agent", `agent_id = ${parameter(agentId)}`);
  if (tag !== undefined) add("tag", `tags @> ARRAY[${parameter(tagOf(tag))}::text]`);
  if (after) add("after", `(${sorted.join(", ")}) < (${after.map(parameter).join(", ")})`);
  return {
    name: names.join("_"),
    from: conditions.length === 0 ? TASKS : `${TASKS} WHERE ${conditions.join(" AND ")}`,
    order: sorted.map((column) => `${column} DESC`).join(", "),
    columns: sorted.join(", "),
    values,
  };
}
