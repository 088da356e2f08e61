import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { EventFilter, LogEvent } from "@mission-control/protocol";
import { decodeFrame } from "../event-frame.ts";
import { STEP_BYTES } from "../followers.ts";
import { encodeChange } from "../kept-change.ts";
import { behindGap, idBefore } from "../log-gaps.ts";
import { entryOf, eventPage, type LogRow } from "../log-row.ts";
import type { Receipt } from "../receipt.ts";
import type { EventRow } from "../rows.ts";
import { scanEnd } from "../scan-step.ts";
import type { EventPage, FrameChunk, Gap, LogEntry, LogRange, Stretch } from "../store.ts";
import { type AttemptPatch, patchOf } from "./attempt-patch.ts";
import { readGaps } from "./log-gaps.ts";
import type { RecordTable } from "./record-table.ts";
import { Statements } from "./statements.ts";

/** Rows in one step of a replay. */
const REPLAY_ROWS = 384;
const NO_FRAMES = new Uint8Array();

/** An event of the log's tail: what the rest of the database may not show yet. */
interface TailEvent {
  event: LogEvent;
  receipt: { key: string; receipt: Receipt } | null;
  /** What its change made of an attempt. */
  attempt: AttemptPatch | null;
}

/**
 * The one durable log: appended in id order inside a commit, read by position. Reads by task or agent go by the
 * indexes, which have to be complete ({@link EventLog.unindexed} 0).
 */
export class EventLog {
  readonly #insert: StatementSync;
  readonly #index: StatementSync;
  readonly #noteIndexed: StatementSync;
  readonly #statements: Statements;
  readonly #gaps: readonly Gap[];
  /** Newest id written, whether its commit is durable yet or not. */
  #written: number;
  #committed: number;
  /** Oldest id kept, whether the commit that pruned up to it is durable yet or not. */
  #oldest: number;
  #committedOldest: number;
  /** Id up to which the indexes are complete, whether that is durable yet or not. */
  #indexed: number;
  #committedIndexed: number;

  constructor(db: DatabaseSync) {
    this.#statements = new Statements(db);
    this.#insert = db.prepare(
      "INSERT INTO events (id, type, task_id, agent_id, receipt_key, receipt, change, attempt, entry_key, frame) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#index = db.prepare("UPDATE events SET indexed = 1 WHERE id > ? AND id <= ?");
    this.#noteIndexed = db.prepare("UPDATE meta SET value = ? WHERE key = 'indexed_up_to'");
    // Two look-ups, not one query: each is answered by one step down the table's own tree.
    const newest = db.prepare("SELECT max(id) AS id FROM events").get()?.id;
    const oldest = db.prepare("SELECT min(id) AS id FROM events").get()?.id;
    this.#gaps = readGaps(db);
    this.#written = Math.max(Number(newest ?? 0), this.#gaps.at(-1)?.to ?? 0);
    this.#committed = this.#written;
    this.#oldest = Number(oldest ?? 0);
    this.#committedOldest = this.#oldest;
    const indexed = db.prepare("SELECT value FROM meta WHERE key = 'indexed_up_to'").get()?.value;
    this.#indexed = indexed === newest ? this.#written : Number(indexed);
    this.#committedIndexed = this.#indexed;
  }

  get range(): LogRange {
    const range = { oldest: this.#committedOldest, newest: this.#committed };
    return this.#gaps.length > 0 ? { ...range, gaps: this.#gaps } : range;
  }

  /** Id of the newest event, whether its commit is durable yet or not. */
  get written(): number {
    return this.#written;
  }

  /** Id of the newest event that the indexes know, whether that is durable yet or not. */
  get indexed(): number {
    return this.#indexed;
  }

  /** How many of the newest events the indexes do not know yet. */
  get unindexed(): number {
    return this.#written - this.#indexed;
  }

  /** Writes one event, numbered next to {@link written}; part of the surrounding commit. */
  append({ id, type, taskId, agentId, receipt, change, attempt, entryKey, frame }: EventRow): void {
    this.#insert.run(
      id,
      type,
      taskId ?? null,
      agentId ?? null,
      receipt?.key ?? null,
      receipt ? JSON.stringify(receipt.receipt) : null,
      change ? encodeChange(change) : null,
      attempt ? JSON.stringify(patchOf(attempt)) : null,
      entryKey ?? null,
      frame,
    );
    this.#written = id;
  }

  /**
   * Committed entries after a position, oldest first: at most `limit`, and fewer where they are large.
   * @param records where the records are that entries name
   */
  entries(after: number, limit: number, records: Pick<RecordTable, "get">): LogEntry[] {
    const rows = this.#statements
      .get("SELECT id, type, task_id, agent_id, change, frame FROM events WHERE id > ? ORDER BY id LIMIT ?")
      .iterate(after, limit);
    const entries: LogEntry[] = [];
    let bytes = 0;
    for (const row of rows) {
      const kept = rowOf(row);
      entries.push(entryOf(kept, (kind, id) => records.get(kind, id)));
      bytes += Buffer.byteLength(kept.frame) + Buffer.byteLength(kept.change ?? "");
      if (bytes >= STEP_BYTES) break;
    }
    return entries;
  }

  /** Brings the indexes up to an event; part of the surrounding commit. */
  index(upTo: number): void {
    this.#index.run(this.#indexed, upTo);
    this.#noteIndexed.run(upTo);
    this.#indexed = upTo;
  }

  /** The events that the indexes do not know yet, in order, with what follows from each beside its task. */
  *tail(): Iterable<TailEvent> {
    const rows = this.#statements.get(
      "SELECT frame, receipt_key, receipt, attempt FROM events WHERE id > ? ORDER BY id",
    );
    for (const { frame, receipt_key: key, receipt, attempt } of rows.iterate(this.#indexed)) {
      yield {
        event: decodeFrame(String(frame)),
        receipt: key === null ? null : { key: String(key), receipt: JSON.parse(String(receipt)) as Receipt },
        attempt: attempt === null ? null : (JSON.parse(String(attempt)) as AttemptPatch),
      };
    }
  }

  /** The surrounding commit is durable: what was appended may be seen. */
  committed(): void {
    this.#committed = this.#written;
    this.#committedIndexed = this.#indexed;
    if (this.#oldest === 0 && this.#written > 0) this.#oldest = 1;
    this.#committedOldest = this.#oldest;
  }

  /** The surrounding commit failed: its ids were never given, and what it pruned is still there. */
  rolledBack(): void {
    this.#written = this.#committed;
    this.#indexed = this.#committedIndexed;
    this.#oldest = this.#committedOldest;
  }

  /** @see Store.frames */
  frames({ after, upTo, maxBytes }: Stretch, filter: EventFilter): FrameChunk {
    const { where, values } = conditions(filter);
    const end = scanEnd({ after, upTo }, filter, this.#gaps);
    const rows = `SELECT id, frame FROM events WHERE id > ? AND id <= ?${where} ORDER BY id LIMIT ${REPLAY_ROWS}`;
    const all = [after, end, ...values];
    const step = this.#statements
      .get(`SELECT max(id) AS last, sum(octet_length(frame)) AS bytes FROM (${rows})`)
      .get(...all);
    if (!step || step.last === null) return { frames: NO_FRAMES, lastId: end };
    // Joined inside SQLite: no row is made here. Only large frames need the running sum that says where to cut.
    if (Number(step.bytes) <= maxBytes) {
      const joined = this.#statements.get(
        `SELECT CAST(group_concat(frame, '') AS BLOB) AS frames FROM (${rows})`,
      );
      return { frames: joined.get(...all)?.frames as Uint8Array, lastId: Number(step.last) };
    }
    const cut = this.#statements
      .get(`
      SELECT max(id) AS last, CAST(group_concat(frame, '') AS BLOB) AS frames FROM (
        SELECT id, frame, sum(octet_length(frame)) OVER (ORDER BY id) - octet_length(frame) AS before
        FROM (${rows})
      ) WHERE before < ?`)
      .get(...all, maxBytes);
    return { frames: cut?.frames as Uint8Array, lastId: Number(cut?.last) };
  }

  /** @see Store.taskEvents */
  taskEvents(taskId: string, after: number, limit: number): EventPage {
    const rows = this.#statements
      .get("SELECT frame FROM events WHERE indexed AND task_id = ? AND id > ? ORDER BY id LIMIT ?")
      .iterate(taskId, after, limit + 1);
    return eventPage(framesOf(rows), limit);
  }

  /** @see Store.history */
  history(before: number | null, filter: EventFilter, limit: number): EventPage {
    const { where, values } = conditions(filter);
    const rows = this.#statements
      .get(`SELECT frame FROM events WHERE id < ?${where} ORDER BY id DESC LIMIT ?`)
      .iterate(before ?? Number.MAX_SAFE_INTEGER, ...values, limit + 1);
    return eventPage(framesOf(rows), limit);
  }

  /** Whether there are more events than `keep`. */
  hasMoreThan(keep: number): boolean {
    return this.#oldest !== 0 && this.#oldest <= idBefore(keep, this.#written, this.#gaps);
  }

  /** Removes at most `rows` of the oldest events beyond `keep`; says whether more remain. */
  prune(keep: number, rows: number): boolean {
    if (!this.hasMoreThan(keep)) return false;
    const goal = idBefore(keep, this.#written, this.#gaps);
    const upTo = Math.min(goal, this.#oldest + rows - 1);
    this.#statements.get("DELETE FROM events WHERE id <= ?").run(upTo);
    this.#oldest = behindGap(upTo + 1, this.#gaps);
    return this.#oldest <= goal;
  }
}

/** Whether a read needs the indexes. */
export function usesIndex({ taskId, agentId }: EventFilter): boolean {
  return taskId !== undefined || agentId !== undefined;
}

function conditions(filter: EventFilter): { where: string; values: SQLInputValue[] } {
  const values: SQLInputValue[] = [];
  let where = "";
  if (filter.taskId !== undefined) {
    where += " AND indexed AND task_id = ?";
    values.push(filter.taskId);
  }
  if (filter.agentId !== undefined) {
    // With a task given, the task's index is the narrower one.
    where += filter.taskId === undefined ? " AND indexed AND agent_id = ?" : " AND +agent_id = ?";
    values.push(filter.agentId);
  }
  if (filter.agentIds) {
    where += ` AND +agent_id IN (${filter.agentIds.map(() => "?").join(", ")})`;
    values.push(...filter.agentIds);
  }
  if (filter.types?.join() === "agent") {
    // Word for word the condition of the index `events_of_agents`: among all that an agent said, these are few.
    where += " AND type = 'agent'";
  } else if (filter.types && filter.types.length > 0) {
    where += ` AND type IN (${filter.types.map(() => "?").join(", ")})`;
    values.push(...filter.types);
  }
  return { where, values };
}

function* framesOf(rows: Iterable<Record<string, unknown>>): Iterable<string> {
  for (const { frame } of rows) yield String(frame);
}

function rowOf(row: Record<string, unknown>): LogRow {
  return {
    id: Number(row.id),
    type: String(row.type),
    taskId: row.task_id === null ? null : String(row.task_id),
    agentId: row.agent_id === null ? null : String(row.agent_id),
    change: row.change === null ? null : String(row.change),
    frame: String(row.frame),
  };
}
