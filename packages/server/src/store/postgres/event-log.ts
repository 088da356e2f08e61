import type { EventFilter } from "@mission-control/protocol";
import type { QueryResult } from "pg";
import { STEP_BYTES } from "../followers.ts";
import { type RecordName, recordsNamed } from "../kept-change.ts";
import { entryOf, eventPage, type LogRow } from "../log-row.ts";
import type { RecordKinds } from "../records.ts";
import { scanEnd } from "../scan-step.ts";
import type { EventPage, FrameChunk, Gap, LogEntry, LogRange, Stretch } from "../store.ts";
import type { Database } from "./database.ts";
import { prepared, type Statement } from "./statement.ts";

/** Entries in one step, at most: see {@link EventLog.step}. */
export const STEP_ENTRIES = 256;
/** Rows in one step of a replay. */
const REPLAY_ROWS = 384;

const selectRange = prepared(
  "range",
  `SELECT newest, oldest,
     (SELECT json_agg(json_build_object('from', first, 'to', last) ORDER BY first) FROM log_gaps) AS gaps
   FROM log_head, log_tail`,
);
const ENTRY_BYTES = "octet_length(frame) + coalesce(octet_length(change), 0)";
/** So many short entries are no more than {@link STEP_BYTES}. */
const SHORT_BYTES = STEP_BYTES / STEP_ENTRIES;
const ifShort = (column: string) =>
  `CASE WHEN ${ENTRY_BYTES} <= ${SHORT_BYTES} THEN ${column} END AS ${column}`;
/** Half the cost of {@link selectEntries}, which sums up what each takes: of those that are not short, frame and change are null. */
const selectShortEntries = prepared(
  "short_entries",
  `SELECT id, type, task_id AS "taskId", agent_id AS "agentId", ${ifShort("change")}, ${ifShort("frame")}
   FROM events WHERE id > $1 ORDER BY id LIMIT $2`,
);
/** Lengths are known without reading long values, which are read only of the rows that come. */
const selectEntries = prepared(
  "entries",
  `SELECT id, type, task_id AS "taskId", agent_id AS "agentId", change, frame FROM (
     SELECT *, sum(${ENTRY_BYTES}) OVER (ORDER BY id) - (${ENTRY_BYTES}) AS before
     FROM (SELECT * FROM events WHERE id > $1 ORDER BY id LIMIT $2) AS next_rows
   ) AS step WHERE before < ${STEP_BYTES} ORDER BY id`,
);
const selectNamed = prepared(
  "named_records",
  "SELECT kind, id, record FROM records WHERE (kind, id) IN (SELECT * FROM unnest($1::text[], $2::text[]))",
);
const selectTaskEvents = prepared(
  "task_events",
  `SELECT frame FROM events
   WHERE task_id IS NOT NULL AND (task_id, id) > ($1, $2::bigint) AND (task_id, id) < ($1, ${Number.MAX_SAFE_INTEGER})
   ORDER BY task_id, id LIMIT $3`,
);

/** Some entries after a position, and what the log held then, or a little later. */
export interface LogStep {
  entries: readonly LogEntry[];
  range: LogRange;
}

/** The log as it is read: by position, by filter and by page. */
export class EventLog {
  readonly #database: Database;
  /** As of the last look; they only become more. */
  #gaps: readonly Gap[] = [];

  constructor(database: Database) {
    this.#database = database;
  }

  /** @see Store.range */
  async range(): Promise<LogRange> {
    const [answer] = await this.#database.read(selectRange());
    return this.#rangeOf(answer);
  }

  /** Committed entries after a position, oldest first: at most `limit` or {@link STEP_ENTRIES}, and fewer where they are large. */
  async step(after: number, limit: number): Promise<LogStep> {
    const most = Math.min(limit, STEP_ENTRIES);
    const [short, range] = await this.#database.read(selectShortEntries(after, most), selectRange());
    const areShort = short?.rows.every(({ frame }) => frame !== null);
    const rows = areShort ? rowsOf(short) : await this.rows(after, most);
    return { entries: await this.entriesOf(rows), range: this.#rangeOf(range) };
  }

  /** The same entries as they are kept. */
  async rows(after: number, limit: number): Promise<LogRow[]> {
    const [answer] = await this.#database.read(selectEntries(after, limit));
    return rowsOf(answer);
  }

  /** The entries that rows hold, with the records that they name as they are now. */
  async entriesOf(rows: readonly LogRow[]): Promise<LogEntry[]> {
    const records = await this.#records(rows.flatMap(({ change }) => recordsNamed(change)));
    return rows.map((row) => entryOf(row, (kind, id) => records.get(`${kind} ${id}`) ?? null));
  }

  /** @see Store.frames */
  async frames({ after, upTo, maxBytes }: Stretch, filter: EventFilter): Promise<FrameChunk> {
    const end = scanEnd({ after, upTo }, filter, this.#gaps);
    const [answer] = await this.#database.read(selectFrames({ after, upTo: end, maxBytes }, filter));
    const rows = answer?.rows ?? [];
    const frames = Buffer.from(rows.map(({ frame }) => frame).join(""));
    return { frames, lastId: Number(rows.at(-1)?.id ?? end) };
  }

  /** @see Store.taskEvents */
  async taskEvents(taskId: string, after: number, limit: number): Promise<EventPage> {
    return this.#page(selectTaskEvents(taskId, after, limit + 1), limit);
  }

  /** @see Store.history */
  async history(before: number | null, filter: EventFilter, limit: number): Promise<EventPage> {
    return this.#page(selectHistory(before ?? Number.MAX_SAFE_INTEGER, filter, limit + 1), limit);
  }

  async #page(statement: Statement, limit: number): Promise<EventPage> {
    const [answer] = await this.#database.read(statement);
    return eventPage(
      (answer?.rows ?? []).map(({ frame }) => frame as string),
      limit,
    );
  }

  #rangeOf(answer: QueryResult | undefined): LogRange {
    const { newest, oldest, gaps } = answer?.rows[0] ?? {};
    if (newest === "0") return { oldest: 0, newest: 0 };
    const range = { oldest: Number(oldest), newest: Number(newest) };
    this.#gaps = gaps ?? [];
    return gaps === null ? range : { ...range, gaps };
  }

  async #records(names: readonly RecordName[]): Promise<Map<string, RecordKinds[RecordName["kind"]]>> {
    if (names.length === 0) return new Map();
    const kinds = names.map(({ kind }) => kind);
    const ids = names.map(({ id }) => id);
    const [answer] = await this.#database.read(selectNamed(kinds, ids));
    return new Map((answer?.rows ?? []).map(({ kind, id, record }) => [`${kind} ${id}`, JSON.parse(record)]));
  }
}

function rowsOf(answer: QueryResult | undefined): LogRow[] {
  const rows = answer?.rows ?? [];
  for (const row of rows) row.id = Number(row.id);
  return rows;
}

function selectFrames({ after, upTo, maxBytes }: Stretch, filter: EventFilter): Statement {
  const { name, along, where, values } = conditions(filter, 4);
  const stretch = `${isPast(along, ">", "$1")} AND ${isPast(along, "<=", "$2")}`;
  return prepared(
    `frames${name}`,
    `SELECT id, frame FROM (
       SELECT id, frame, sum(octet_length(frame)) OVER (ORDER BY id) - octet_length(frame) AS before FROM (
         SELECT id, frame FROM events WHERE ${stretch}${where} ORDER BY ${ordered(along, "ASC")} LIMIT ${REPLAY_ROWS}
       ) AS next_rows
     ) AS step WHERE before < $3 ORDER BY id`,
  )(after, upTo, maxBytes, ...values);
}

function selectHistory(before: number, filter: EventFilter, limit: number): Statement {
  const { name, along, where, values } = conditions(filter, 3);
  const stretch = `${isPast(along, "<", "$1")} AND ${isPast(along, ">", "0")}`;
  return prepared(
    `history${name}`,
    `SELECT frame FROM events WHERE ${stretch}${where} ORDER BY ${ordered(along, "DESC")} LIMIT $2`,
  )(before, limit, ...values);
}

/** What the events of a filter have in common: the column that an index has before their ids, and its value. */
interface Along {
  column: "task_id" | "agent_id";
  value: string;
}

/**
 * How an event's id compares. Pairs are compared, not the columns by themselves: then the planner goes along the index
 * that has their order, also while its statistics know a task that has grown to thousands of events as one of a few,
 * which it would sort.
 */
function isPast(along: Along | null, operator: ">" | "<" | "<=", id: string): string {
  return along
    ? `(${along.column}, id) ${operator} (${along.value}, ${id}::bigint)`
    : `id ${operator} ${id}::bigint`;
}

function ordered(along: Along | null, order: "ASC" | "DESC"): string {
  return along ? `${along.column} ${order}, id ${order}` : `id ${order}`;
}

/** @param first number of the first parameter that is free */
function conditions(
  filter: EventFilter,
  first: number,
): { name: string; along: Along | null; where: string; values: unknown[] } {
  const { taskId, agentId, agentIds, types } = filter;
  const values: unknown[] = [];
  let name = "";
  let where = "";
  let along: Along | null = null;
  const add = (part: string, condition: (parameter: string) => string, value: unknown) => {
    name += `_${part}`;
    where += ` AND ${condition(`$${first + values.length}`)}`;
    values.push(value);
  };
  if (taskId !== undefined) {
    along = { column: "task_id", value: `$${first}` };
    add("task", () => "task_id IS NOT NULL", taskId);
  }
  if (agentId !== undefined && along) add("agent", (parameter) => `agent_id = ${parameter}`, agentId);
  else if (agentId !== undefined) {
    along = { column: "agent_id", value: `$${first}` };
    add("agent", () => "agent_id IS NOT NULL", agentId);
  }
  if (agentIds) add("agents", (parameter) => `agent_id = ANY(${parameter})`, agentIds);
  if (types?.join() === "agent") {
    // Word for word the condition of the index `events_of_agents`: among all that an agent said, these are few.
    name += "_agentEvents";
    where += " AND type = 'agent'";
  } else if (types && types.length > 0) add("types", (parameter) => `type = ANY(${parameter})`, types);
  return { name, along, where, values };
}
