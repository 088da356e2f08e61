import type { TaskQuery, TaskSort } from "@mission-control/protocol";
import type { QueryResult } from "pg";
import type { TaskPage } from "../store.ts";
import { decodeCursor, encodeCursor, type Key, SORT_COLUMNS } from "../task-cursor.ts";
import type { Database } from "./database.ts";
import { tookTooLong } from "./engine-error.ts";
import { prepared, type Statement } from "./statement.ts";
import { searchable, TASK_COLUMNS, TASKS, tagOf, taskOf } from "./task-row.ts";

/**
 * How many tasks a search looks at for one page: bounds its time where few match. Such a page is short, and its
 * cursor goes on.
 */
const SEARCHED_AT_ONCE = 4000;

/** For so long an index may be asked: one that knows all parts of a text well, but not the text, may be slow. */
const INDEX_MS = 1000;
/** The index has letters and digits in threes; nothing else narrows a search. */
const INDEXED = /[\p{L}\p{N}]{3}/u;
/** What the planner takes for a frequent text, which it may be wrong about, must not make it read all tasks. */
const BY_INDEX = [`SET LOCAL statement_timeout = ${INDEX_MS}`, "SET LOCAL enable_seqscan = off"];

const selectNewest = prepared("newest", "SELECT newest FROM log_head");

/** The task list, a page at a time, in the order of its sort. */
export class TaskList {
  readonly #database: Database;
  readonly #hasSearchIndex: boolean;

  constructor(database: Database, hasSearchIndex: boolean) {
    this.#database = database;
    this.#hasSearchIndex = hasSearchIndex;
  }

  /** @throws InvalidCursorError, StoreUnavailableError */
  async page(query: TaskQuery): Promise<TaskPage> {
    const after = query.cursor === undefined ? null : decodeCursor(query.cursor, query.sort);
    if (query.q === undefined) return this.#walk(query, [selectPage(query, after)]);
    const found = INDEXED.test(query.q) ? await this.#found(query, after, query.q) : null;
    return found ?? this.#walk(query, selectSearch(query, after, query.q));
  }

  async #walk(query: TaskQuery, statements: readonly Statement[]): Promise<TaskPage> {
    const [head, page, end] = await this.#database.readAtOnce(selectNewest(), ...statements);
    return pageOf(query, head, page?.rows ?? [], end);
  }

  /** The page by the index; null where it does not narrow the search. */
  async #found(query: TaskQuery, after: Key | null, q: string): Promise<TaskPage | null> {
    if (!this.#hasSearchIndex) return null;
    try {
      const statements = [selectNewest(), ...BY_INDEX, selectFound(query, after, q)];
      const answers = await this.#database.readAtOnce(...statements);
      const rows = answers.at(-1)?.rows ?? [];
      if (rows[0]?.total > SEARCHED_AT_ONCE) return null;
      return pageOf(
        query,
        answers[0],
        rows.filter(({ id }) => id !== null),
      );
    } catch (error) {
      if (tookTooLong(error)) return null;
      throw error;
    }
  }
}

function pageOf(
  { sort, limit }: TaskQuery,
  head: QueryResult | undefined,
  rows: QueryResult["rows"],
  end?: QueryResult,
): TaskPage {
  const last = rows.length > limit ? rows[limit - 1] : end?.rows[0];
  return {
    items: rows.slice(0, limit).map(taskOf),
    nextCursor: last ? encodeCursor(sort, keyOf(sort, last)) : null,
    lastEventId: Number(head?.rows[0]?.newest),
  };
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
         SELECT ${columns} FROM ${from} ORDER BY ${order} LIMIT ${SEARCHED_AT_ONCE}
       ) AS seen JOIN task_search USING (seq)
       WHERE strpos(search, ${text}) > 0 ORDER BY ${order} LIMIT ${limit}
     ) AS found JOIN ${TASKS} USING (seq) ORDER BY ${order}`,
  )(...values);
  return [found, end];
}

/**
 * The page's tasks among all that the index finds, each with how many these are in `total`; one row without a task where
 * none is for the page. A materialized part is planned as if all of it were read, and read as far as it is needed.
 */
export function selectFound(query: TaskQuery, after: Key | null, q: string): Statement {
  const { name, from, order, columns, values } = walk(query, after);
  const text = `$${values.push(`%${searchable(q).replaceAll(/[\\%_]/g, "\\$&")}%`)}`;
  const limit = `$${values.push(query.limit + 1)}`;
  return prepared(
    `found_${name}`,
    `WITH hits AS MATERIALIZED (SELECT seq FROM task_search WHERE search LIKE ${text}),
       found AS MATERIALIZED (SELECT seq FROM hits LIMIT ${SEARCHED_AT_ONCE + 1})
     SELECT total, page.* FROM (SELECT count(*)::int AS total FROM found) AS counted
     LEFT JOIN LATERAL (
       SELECT ${TASK_COLUMNS}, ${columns} FROM ${from}
         ${from.includes(" WHERE ") ? "AND" : "WHERE"} tasks.seq IN (SELECT seq FROM found) AND total <= ${SEARCHED_AT_ONCE}
       ORDER BY ${order} LIMIT ${limit}
     ) AS page ON true ORDER BY ${order}`,
  )(...values);
}

/** The way through the tasks that pass the filters, in the sort's order. */
function walk({ sort, status, agentId, tag }: TaskQuery, after: Key | null) {
  const isByTime = sort === "updatedAt";
  // The index has the minute; within it, the tasks are sorted when they are read.
  const sorted = isByTime ? ["updated_minute", ...SORT_COLUMNS[sort]] : SORT_COLUMNS[sort];
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
  if (after) {
    const place = after.map(parameter);
    const beyond = `(${SORT_COLUMNS[sort].join(", ")}) < (${place.join(", ")})`;
    add("after", isByTime ? `updated_minute <= left(${place[0]}, 16) AND ${beyond}` : beyond);
  }
  return {
    name: names.join("_"),
    from: conditions.length === 0 ? TASKS : `${TASKS} WHERE ${conditions.join(" AND ")}`,
    order: sorted.map((column) => `${column} DESC`).join(", "),
    columns: sorted.join(", "),
    values,
  };
}
