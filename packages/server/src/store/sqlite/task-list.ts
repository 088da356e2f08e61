import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { type TaskQuery, taskStatusSchema } from "@mission-control/protocol";
import type { Task } from "../../tasks/task.ts";
import { PRIORITY_RANK } from "../../tasks/task.ts";
import { searchText } from "../search-text.ts";
import type { TaskPage } from "../store.ts";
import { decodeCursor, encodeCursor, type Key, SORT_COLUMNS } from "../task-cursor.ts";
import { ofPriority, searchExpression } from "./search-index.ts";
import { Statements } from "./statements.ts";
import { TASK_COLUMNS, taskOf } from "./task-row.ts";

/** Up to this many tasks found by a filter are looked at one by one; more, and walking in sort order is quicker. */
const SMALL_SET = 2000;
/**
 * What finding one page may cost, in keys looked at: bounds its time where few match. Such a page is short, and
 * its cursor goes on.
 */
const BUDGET = 6000;
/** Reading a task's text costs as much as so many keys. */
const TEXT_COST = 4;
const SHORTEST_STEP = 128;
const LONGEST_STEP = 2048;
/** Tasks whose texts are read at a time. */
const TEXTS_AT_ONCE = 64;
const HIGHEST_RANK = Math.max(...Object.values(PRIORITY_RANK));

interface Condition {
  sql: string;
  values: readonly SQLInputValue[];
}

/** A way through tasks in sort order. */
interface Walk {
  /** The filters it keeps to by itself; each of the others is asked of every task it comes by. */
  keeps: ReadonlySet<keyof TaskQuery>;
  /** Keys in sort order after a place, at most `limit`. */
  keys: (after: Key | null, limit: number) => Condition;
}

/**
 * The task list, a page at a time: finds the keys of the page's tasks by way of indexes alone, whichever of the
 * filters leads there quickest, and reads only those tasks whole.
 */
export class TaskList {
  readonly #statements: Statements;

  constructor(db: DatabaseSync) {
    this.#statements = new Statements(db);
  }

  /** @throws InvalidCursorError */
  page(query: TaskQuery): Omit<TaskPage, "lastEventId"> {
    const after = query.cursor === undefined ? null : decodeCursor(query.cursor, query.sort);
    const { keys, next } = this.#find(query, this.#walk(query), after);
    return { items: this.#read(keys), nextCursor: next && encodeCursor(query.sort, next) };
  }

  /** The keys of one page, and the place the next begins after; null when nothing is left. */
  #find(query: TaskQuery, walk: Walk, start: Key | null): { keys: Key[]; next: Key | null } {
    const tests = testsOf(query, walk);
    const text = walk.keeps.has("q") ? undefined : query.q?.toLowerCase();
    const { limit } = query;
    const keys: Key[] = [];
    let after = start;
    let cost = 0;
    let step = limit + 1;
    if (tests.sql || text !== undefined) step = Math.max(step, SHORTEST_STEP);
    for (; ; step = Math.min(step * 2, LONGEST_STEP)) {
      const rows = this.#keys(query, walk.keys(after, step), tests);
      for (let from = 0; from < rows.length; from += TEXTS_AT_ONCE) {
        const some = rows.slice(from, from + TEXTS_AT_ONCE);
        const passed = some.filter(({ passes }) => passes).map(({ key }) => key);
        keys.push(...(text === undefined ? passed : this.#withText(passed, text)));
        if (keys.length > limit) return { keys: keys.slice(0, limit), next: keys[limit - 1] ?? null };
        after = some.at(-1)?.key ?? after;
        cost += some.length + (text === undefined ? 0 : passed.length * TEXT_COST);
        if (cost >= BUDGET) return { keys, next: after };
      }
      if (rows.length < step) return { keys, next: null };
    }
  }

  /** The walk that comes to the query's tasks soonest. */
  #walk(query: TaskQuery): Walk {
    const { sort, tag, q } = query;
    const expression = q === undefined ? null : searchExpression(this.#statements, q, SMALL_SET);
    const search = expression === null ? null : searchOf(expression);
    if (search && this.#isSmall(search)) return setWalk(query, search, "q");
    const tagged = tag === undefined ? null : taggedOf(tag);
    if ((tagged || q !== undefined) && this.#isRangeSmall(query)) return rangeWalk(query);
    if (expression !== null && !tagged && sort !== "updatedAt") return searchWalk(query, expression);
    if (tagged && sort !== "updatedAt") return tagWalk(query, tagged);
    if (tagged && this.#isSmall(tagged)) return setWalk(query, tagged, "tag");
    return rangeWalk(query);
  }

  #isRangeSmall(query: TaskQuery): boolean {
    if (query.status === undefined && query.agentId === undefined) return false;
    const { sql, values } = rangeOf(query);
    return this.#isSmall({ sql: `SELECT seq FROM tasks WHERE ${sql}`, values });
  }

  #isSmall({ sql, values }: Condition): boolean {
    const counted = this.#statements.get(`SELECT count(*) AS count FROM (${sql} LIMIT ${SMALL_SET + 1})`);
    return Number(counted.get(...values)?.count) <= SMALL_SET;
  }

  /** Takes a step of a walk, and says of each task whether it passes the tests. */
  #keys(query: TaskQuery, step: Condition, tests: Condition): { key: Key; passes: boolean }[] {
    const columns = SORT_COLUMNS[query.sort];
    const sql = tests.sql ? `SELECT keys.*, ${tests.sql} AS passes FROM (${step.sql}) AS keys` : step.sql;
    const rows = this.#statements.get(sql).all(...tests.values, ...step.values);
    return rows.map((row) => ({
      key: columns.map((column) => row[column] as string | number),
      passes: !tests.sql || row.passes === 1,
    }));
  }

  /** The keys of the tasks that have a text, in lower case, in theirs. */
  #withText(keys: readonly Key[], text: string): Key[] {
    const rows = this.#statements
      .get(
        `SELECT title, description FROM json_each(?) AS keys
         CROSS JOIN task_texts ON task_texts.seq = keys.value ORDER BY keys.key`,
      )
      .all(seqsOf(keys));
    return keys.filter((_, index) => {
      const { title, description } = rows[index] ?? {};
      return searchText(String(title), String(description)).toLowerCase().includes(text);
    });
  }

  /** Whole tasks, in the order of their keys. */
  #read(keys: readonly Key[]): Task[] {
    const rows = this.#statements
      .get(
        `SELECT ${TASK_COLUMNS} FROM json_each(?) AS keys
         CROSS JOIN tasks ON tasks.seq = keys.value CROSS JOIN task_texts ON task_texts.seq = keys.value
         ORDER BY keys.key`,
      )
      .all(seqsOf(keys));
    return rows.map(taskOf);
  }
}

/** Along the indexes of statuses and agents, joining the ranges of the statuses asked for. */
function rangeWalk(query: TaskQuery): Walk {
  const ranges = query.status ? [query.status] : taskStatusSchema.options;
  return {
    keeps: new Set(["status", "agentId"]),
    keys: joined(
      query,
      "tasks",
      ranges.map((status) => rangeOf({ ...query, status })),
    ),
  };
}

/** Along a tag's own tasks: in one go by priority, joining its priorities' ranges by creation. */
function tagWalk(query: TaskQuery, { values }: Condition): Walk {
  const ranges =
    query.sort === "priority"
      ? [{ sql: "tag = ?", values }]
      : Object.values(PRIORITY_RANK).map((rank) => ({
          sql: "tag = ? AND priority = ?",
          values: [...values, rank],
        }));
  return { keeps: new Set(["tag"]), keys: joined(query, "task_tags", ranges) };
}

/** Along what a search finds, which comes in the order of creation: one priority after the other, to sort by it. */
function searchWalk({ sort }: TaskQuery, expression: string): Walk {
  const found = "FROM task_search WHERE task_search MATCH ?";
  const newest = "ORDER BY rowid DESC LIMIT ?";
  const byCreation: Walk["keys"] = (after, limit) => ({
    sql: `SELECT rowid AS seq ${found}${after ? " AND rowid < ?" : ""} ${newest}`,
    values: [expression, ...(after ?? []), limit],
  });
  const byPriority: Walk["keys"] = (after, limit) => {
    const [rank = HIGHEST_RANK, seq = Number.MAX_SAFE_INTEGER] = (after ?? []) as number[];
    const parts: Condition[] = [];
    for (let next = rank; next >= 0; next--) {
      parts.push({
        sql: `SELECT * FROM (SELECT ${next} AS priority, rowid AS seq ${found} AND rowid < ? ${newest})`,
        values: [ofPriority(expression, next), next === rank ? seq : Number.MAX_SAFE_INTEGER, limit],
      });
    }
    return {
      sql: `SELECT * FROM (${parts.map(({ sql }) => sql).join(" UNION ALL ")}) ORDER BY priority DESC, seq DESC LIMIT ?`,
      values: [...parts.flatMap(({ values }) => values), limit],
    };
  };
  return { keeps: new Set(["q"]), keys: sort === "priority" ? byPriority : byCreation };
}

/** Along a small set, sorted here. */
function setWalk(query: TaskQuery, set: Condition, keeps: "tag" | "q"): Walk {
  const range = { sql: `seq IN (${set.sql})`, values: set.values };
  return { keeps: new Set([keeps]), keys: joined(query, "tasks", [range]) };
}

/** Walks ranges, each in the sort's order, as one. */
function joined(query: TaskQuery, table: string, ranges: readonly Condition[]): Walk["keys"] {
  const columns = SORT_COLUMNS[query.sort];
  const order = columns.map((column) => `${column} DESC`).join(", ");
  return (after, limit) => {
    const places = after ? placesAfter(columns, after) : [{ sql: "", values: [] }];
    const spans = ranges.flatMap((range) => places.map((place) => ({ range, place })));
    const parts = spans.map(
      ({ range, place }) =>
        `SELECT ${columns.join(", ")} FROM ${table} WHERE ${range.sql}${place.sql} ORDER BY ${order} LIMIT ?`,
    );
    const values = spans.flatMap(({ range, place }) => [...range.values, ...place.values, limit]);
    if (parts.length === 1) return { sql: parts[0] ?? "", values };
    const union = parts.map((part) => `SELECT * FROM (${part})`).join(" UNION ALL ");
    return { sql: `SELECT * FROM (${union}) ORDER BY ${order} LIMIT ?`, values: [...values, limit] };
  };
}

/**
 * What comes after a place: the rest of those that are equal to it in the first column, and those beyond. Together
 * as one comparison, an index would be searched by the first column alone.
 */
function placesAfter([first = "", second]: readonly string[], place: Key): Condition[] {
  const beyond = { sql: ` AND ${first} < ?`, values: place.slice(0, 1) };
  if (second === undefined) return [beyond];
  return [{ sql: ` AND ${first} = ? AND ${second} < ?`, values: place }, beyond];
}

/** What is asked of each task that a walk comes by; empty when the walk keeps to all of it. */
function testsOf(query: TaskQuery, { keeps }: Walk): Condition {
  const tests: Condition[] = [];
  if (query.tag !== undefined && !keeps.has("tag")) {
    tests.push({
      sql: "EXISTS (SELECT 1 FROM task_tags WHERE task_tags.seq = keys.seq AND tag = ?)",
      values: [query.tag],
    });
  }
  if ((query.status !== undefined || query.agentId !== undefined) && !keeps.has("status")) {
    const { sql, values } = rangeOf(query);
    // With the status known, an index answers: it is a fraction of the table.
    const index = query.agentId === undefined ? "tasks_by_status" : "tasks_by_agent";
    const by = query.status === undefined ? "" : ` INDEXED BY ${index}`;
    tests.push({ sql: `EXISTS (SELECT 1 FROM tasks${by} WHERE ${sql} AND tasks.seq = keys.seq)`, values });
  }
  return {
    sql: tests.map(({ sql }) => sql).join(" AND "),
    values: tests.flatMap(({ values }) => values),
  };
}

function rangeOf({ status, agentId }: TaskQuery): Condition {
  const parts: string[] = [];
  const values: string[] = [];
  if (agentId !== undefined) {
    parts.push("agent_id = ?");
    values.push(agentId);
  }
  if (status !== undefined) {
    parts.push("status = ?");
    values.push(status);
  }
  return { sql: parts.join(" AND "), values };
}

function searchOf(expression: string): Condition {
  return { sql: "SELECT rowid AS seq FROM task_search WHERE task_search MATCH ?", values: [expression] };
}

function taggedOf(tag: string): Condition {
  return { sql: "SELECT seq FROM task_tags WHERE tag = ?", values: [tag] };
}

/** The tasks' numbers as `json_each` takes them. */
function seqsOf(keys: readonly Key[]): string {
  return JSON.stringify(keys.map((key) => key.at(-1)));
}
