import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { Usage } from "@mission-control/protocol";
import { FifoMap } from "toad-cache";
import type { Attempt } from "../../tasks/task.ts";
import { isOver, occupiesSlot, PRIORITY_RANK } from "../../tasks/task.ts";
import { UsageSum } from "../../tasks/usage.ts";
import type { AttemptRow } from "../rows.ts";
import { type AttemptPatch, patched } from "./attempt-patch.ts";
import { QueueHeads } from "./queue-heads.ts";
import { Waiting } from "./waiting.ts";

const CACHED_ATTEMPTS = 8192;
/** Attempts that are written together: enough to share pages, few enough that a queue is read past those that have left it. */
const BATCH = 256;
/** The condition of the index `attempts_under_way`, word for word. */
const UNDER_WAY = "state IN ('sending', 'accepted', 'running', 'unknown')";

/** An attempt and the newest event whose effect it shows. */
interface AttemptEntry {
  attempt: Attempt;
  asOf: number;
}

/** An attempt that its row is behind of. */
interface WaitingAttempt extends AttemptEntry {
  /** As the row has it. */
  written: Attempt;
}

/**
 * Attempts by id, by task, and by what is still to be done. What an attempt has become by its events is written later, of
 * many in one commit; only what is in a queue always has its row.
 */
export class AttemptTable {
  readonly #waiting = new Waiting<WaitingAttempt>();
  readonly #cache = new FifoMap<Attempt>(CACHED_ATTEMPTS);
  /** How many attempts are under way, of each agent that was asked about. */
  readonly #underWay = new Map<string, number>();
  readonly #heads = new QueueHeads((agentId, limit) => this.#readQueue(agentId, limit));
  readonly #select: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #ofTask: StatementSync;
  readonly #queued: StatementSync;
  readonly #queueLengths: StatementSync;
  readonly #usage: StatementSync;
  readonly #allUnderWay: StatementSync;
  readonly #countUnderWay: StatementSync;

  constructor(db: DatabaseSync) {
    this.#select = db.prepare("SELECT record, as_of FROM attempts WHERE id = ?");
    this.#insert = db.prepare(
      "INSERT INTO attempts (state, priority, usage, record, as_of, task_id, agent_id, number, queued_at, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#update = db.prepare(
      "UPDATE attempts SET state = ?, priority = ?, usage = ?, record = ?, as_of = ? WHERE id = ?",
    );
    this.#ofTask = db.prepare("SELECT id, record FROM attempts WHERE task_id = ? ORDER BY number");
    // Answered by the index alone.
    this.#queued = db.prepare(
      "SELECT id FROM attempts WHERE state = 'queued' AND agent_id = ? ORDER BY priority DESC, queued_at, id",
    );
    this.#queueLengths = db.prepare(
      "SELECT agent_id, count(*) AS length FROM attempts WHERE state = 'queued' GROUP BY agent_id",
    );
    this.#usage = db.prepare("SELECT id, agent_id, usage FROM attempts WHERE usage IS NOT NULL");
    this.#allUnderWay = db.prepare(`SELECT record FROM attempts WHERE ${UNDER_WAY}`);
    this.#countUnderWay = db.prepare(
      `SELECT count(*) AS count FROM attempts WHERE ${UNDER_WAY} AND agent_id = ?`,
    );
  }

  get(id: string): Attempt | null {
    const known = this.#waiting.get(id)?.attempt ?? this.#cache.get(id);
    if (known) return known;
    const attempt = this.#stored(id)?.attempt ?? null;
    if (attempt) this.#cache.set(id, attempt);
    return attempt;
  }

  write({ attempt, isKnown, asOf, followsFromEvents }: AttemptRow): void {
    const { id, state } = attempt;
    const before = isKnown ? this.#known(id) : null;
    if (before && followsFromEvents && state !== "queued") this.#writeLater({ attempt, asOf }, before);
    else {
      if (before) this.#update.run(...changingValues(attempt, asOf), id);
      else this.#add(attempt, asOf);
      this.#waiting.delete(id);
    }
    this.#updateCounts(attempt, before);
    if (state === "queued" || before?.state === "queued") this.#heads.written(attempt);
    // What is over is hardly asked for again: its place is better kept for one that waits.
    if (isOver(attempt)) this.#cache.delete(id);
    else this.#cache.set(id, attempt);
  }

  /** A task is about to be deleted, and takes its attempts with it. */
  deleteOf(taskId: string): void {
    for (const { id } of this.#ofTask.all(taskId)) this.#waiting.delete(String(id));
    this.#forget();
  }

  /** After a crash: an event of the log's tail tells what an attempt has become, which its row may not show. */
  catchUp(patch: AttemptPatch, eventId: number): void {
    const known = this.#waiting.get(patch.id) ?? this.#stored(patch.id);
    if (!known || known.asOf >= eventId) return;
    this.#writeLater({ attempt: patched(known.attempt, patch), asOf: eventId }, known.attempt);
  }

  /** Writes what waits once it has become enough to be written together; part of the surrounding commit, its last. */
  writeMany(): void {
    if (this.#waiting.size >= BATCH) this.writeWaiting();
  }

  /** Writes all that waits; part of the surrounding commit, its last. */
  writeWaiting(): void {
    for (const [id, { attempt, asOf }] of this.#waiting.take()) {
      this.#update.run(...changingValues(attempt, asOf), id);
    }
  }

  committed(): void {
    this.#waiting.committed();
  }

  /** A commit failed: what was cached may never have been stored. */
  rolledBack(): void {
    this.#waiting.rolledBack();
    this.#forget();
  }

  ofTask(taskId: string): Attempt[] {
    return this.#ofTask
      .all(taskId)
      .map((row) => this.#waiting.get(String(row.id))?.attempt ?? attemptOf(row));
  }

  queued(agentId: string, limit: number): Attempt[] {
    return this.#heads.first(agentId, limit).map((id) => this.#known(id));
  }

  queueLengths(): Map<string, number> {
    const lengths = new Map(
      this.#queueLengths.all().map((row) => [String(row.agent_id), Number(row.length)]),
    );
    for (const { attempt, written } of this.#waiting.values()) {
      if (written.state !== "queued") continue;
      const length = (lengths.get(attempt.agentId) ?? 0) - 1;
      if (length > 0) lengths.set(attempt.agentId, length);
      else lengths.delete(attempt.agentId);
    }
    return lengths;
  }

  usageByAgent(): Map<string, UsageSum> {
    const sums = new Map<string, UsageSum>();
    const add = (agentId: string, usage: Usage) => {
      const sum = sums.get(agentId) ?? new UsageSum();
      sum.add(usage);
      sums.set(agentId, sum);
    };
    for (const row of this.#usage.iterate()) {
      if (!this.#waiting.get(String(row.id)))
        add(String(row.agent_id), JSON.parse(String(row.usage)) as Usage);
    }
    for (const { attempt } of this.#waiting.values()) if (attempt.usage) add(attempt.agentId, attempt.usage);
    return sums;
  }

  /** Every attempt that is neither queued nor over. */
  allUnderWay(): Attempt[] {
    const found = this.#allUnderWay
      .all()
      .map(attemptOf)
      .filter(({ id }) => !this.#waiting.get(id));
    for (const { attempt } of this.#waiting.values()) if (occupiesSlot(attempt)) found.push(attempt);
    return found;
  }

  /** How many attempts an agent has under way. */
  underWay(agentId: string): number {
    const known = this.#underWay.get(agentId);
    if (known !== undefined) return known;
    let count = Number(this.#countUnderWay.get(agentId)?.count);
    for (const { attempt, written } of this.#waiting.values()) {
      if (attempt.agentId === agentId) count += Number(occupiesSlot(attempt)) - Number(occupiesSlot(written));
    }
    this.#underWay.set(agentId, count);
    return count;
  }

  #forget(): void {
    this.#cache.clear();
    this.#underWay.clear();
    this.#heads.forget();
  }

  #stored(id: string): AttemptEntry | null {
    const row = this.#select.get(id);
    return row ? { attempt: attemptOf(row), asOf: Number(row.as_of) } : null;
  }

  #known(id: string): Attempt {
    const attempt = this.get(id);
    if (!attempt) throw new Error(`Attempt ${id} is not stored.`);
    return attempt;
  }

  #add(attempt: Attempt, asOf: number): void {
    const { id, taskId, agentId, number, queuedAt } = attempt;
    this.#insert.run(...changingValues(attempt, asOf), taskId, agentId, number, queuedAt, id);
  }

  #writeLater({ attempt, asOf }: AttemptEntry, before: Attempt): void {
    const written = this.#waiting.get(attempt.id)?.written ?? before;
    this.#waiting.set(attempt.id, { attempt, asOf, written });
  }

  #readQueue(agentId: string, limit: number): Attempt[] {
    const found: Attempt[] = [];
    for (const { id } of this.#queued.iterate(agentId)) {
      const attempt = this.#known(String(id));
      // Its row is behind of one that has left the queue.
      if (attempt.state === "queued") found.push(attempt);
      if (found.length === limit) break;
    }
    return found;
  }

  /**
   * Keeps the count of an agent's attempts under way right.
   * @param before null for an attempt that is new
   */
  #updateCounts(attempt: Attempt, before: Attempt | null): void {
    const { agentId } = attempt;
    const count = this.#underWay.get(agentId);
    if (count === undefined) return;
    const wasUnderWay = before !== null && occupiesSlot(before);
    this.#underWay.set(agentId, count + Number(occupiesSlot(attempt)) - Number(wasUnderWay));
  }
}

/** Values of `state`, `priority`, `usage`, `record`, `as_of`. */
function changingValues(attempt: Attempt, asOf: number): SQLInputValue[] {
  const { state, priority, usage } = attempt;
  const usageJson = usage ? JSON.stringify(usage) : null;
  return [state, PRIORITY_RANK[priority], usageJson, JSON.stringify(attempt), asOf];
}

function attemptOf(row: Record<string, unknown>): Attempt {
  return JSON.parse(String(row.record)) as Attempt;
}
