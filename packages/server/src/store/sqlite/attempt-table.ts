import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Usage } from "@mission-control/protocol";
import { LruMap } from "toad-cache";
import type { Attempt } from "../../tasks/task.ts";
import { isOver, occupiesSlot, PRIORITY_RANK } from "../../tasks/task.ts";
import { UsageSum } from "../../tasks/usage.ts";
import { QueueHeads } from "./queue-heads.ts";

const CACHED_ATTEMPTS = 8192;
/** The condition of the index `attempts_under_way`, word for word. */
const UNDER_WAY = "state IN ('sending', 'accepted', 'running', 'unknown')";

/** Attempts by id, by task, and by what is still to be done. */
export class AttemptTable {
  readonly #cache = new LruMap<Attempt>(CACHED_ATTEMPTS);
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
    this.#select = db.prepare("SELECT record FROM attempts WHERE id = ?");
    this.#insert = db.prepare(
      "INSERT INTO attempts (state, priority, usage, record, task_id, agent_id, number, queued_at, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#update = db.prepare(
      "UPDATE attempts SET state = ?, priority = ?, usage = ?, record = ? WHERE id = ?",
    );
    this.#ofTask = db.prepare("SELECT record FROM attempts WHERE task_id = ? ORDER BY number");
    // Answered by the index alone.
    this.#queued = db.prepare(
      "SELECT id FROM attempts WHERE state = 'queued' AND agent_id = ? ORDER BY priority DESC, queued_at, id LIMIT ?",
    );
    this.#queueLengths = db.prepare(
      "SELECT agent_id, count(*) AS length FROM attempts WHERE state = 'queued' GROUP BY agent_id",
    );
    this.#usage = db.prepare("SELECT agent_id, usage FROM attempts WHERE usage IS NOT NULL");
    this.#allUnderWay = db.prepare(`SELECT record FROM attempts WHERE ${UNDER_WAY}`);
    this.#countUnderWay = db.prepare(
      `SELECT count(*) AS count FROM attempts WHERE ${UNDER_WAY} AND agent_id = ?`,
    );
  }

  get(id: string): Attempt | null {
    const cached = this.#cache.get(id);
    if (cached) return cached;
    const row = this.#select.get(id);
    if (!row) return null;
    const attempt = attemptOf(row);
    this.#cache.set(id, attempt);
    return attempt;
  }

  write(attempt: Attempt, isNew: boolean): void {
    const usage = attempt.usage ? JSON.stringify(attempt.usage) : null;
    const columns = [attempt.state, PRIORITY_RANK[attempt.priority], usage, JSON.stringify(attempt)];
    const { taskId, agentId, number, queuedAt, id } = attempt;
    if (isNew) this.#insert.run(...columns, taskId, agentId, number, queuedAt, id);
    else this.#update.run(...columns, id);
    const before = isNew ? null : this.#cache.get(id);
    this.#updateCounts(attempt, before);
    if (attempt.state === "queued" || before === undefined || before?.state === "queued") {
      this.#heads.written(attempt);
    }
    // What is over is hardly asked for again: its place is better kept for one that waits.
    if (isOver(attempt)) this.#cache.delete(id);
    else this.#cache.set(id, attempt);
  }

  ofTask(taskId: string): Attempt[] {
    return this.#ofTask.all(taskId).map(attemptOf);
  }

  queued(agentId: string, limit: number): Attempt[] {
    return this.#heads.first(agentId, limit).map((id) => this.#known(id));
  }

  queueLengths(): Map<string, number> {
    return new Map(this.#queueLengths.all().map((row) => [String(row.agent_id), Number(row.length)]));
  }

  usageByAgent(): Map<string, UsageSum> {
    const sums = new Map<string, UsageSum>();
    for (const row of this.#usage.iterate()) {
      const agentId = String(row.agent_id);
      const sum = sums.get(agentId) ?? new UsageSum();
      sum.add(JSON.parse(String(row.usage)) as Usage);
      sums.set(agentId, sum);
    }
    return sums;
  }

  /** Every attempt that is neither queued nor over. */
  allUnderWay(): Attempt[] {
    return this.#allUnderWay.all().map(attemptOf);
  }

  /** How many attempts an agent has under way. */
  underWay(agentId: string): number {
    const known = this.#underWay.get(agentId);
    if (known !== undefined) return known;
    const count = Number(this.#countUnderWay.get(agentId)?.count);
    this.#underWay.set(agentId, count);
    return count;
  }

  /** A task and its attempts were deleted, or a commit failed. */
  forget(): void {
    this.#cache.clear();
    this.#underWay.clear();
    this.#heads.forget();
  }

  #known(id: string): Attempt {
    const attempt = this.get(id);
    if (!attempt) throw new Error(`Attempt ${id} is not stored.`);
    return attempt;
  }

  #readQueue(agentId: string, limit: number): Attempt[] {
    return this.#queued.all(agentId, limit).map(({ id }) => this.#known(String(id)));
  }

  /**
   * Keeps the count of an agent's attempts under way right, or forgets it where the earlier state is not known.
   * @param before null for an attempt that is new, undefined where it is not known
   */
  #updateCounts(attempt: Attempt, before: Attempt | null | undefined): void {
    const { agentId } = attempt;
    const count = this.#underWay.get(agentId);
    if (count === undefined) return;
    if (before === undefined) this.#underWay.delete(agentId);
    else {
      const wasUnderWay = before !== null && occupiesSlot(before);
      this.#underWay.set(agentId, count + Number(occupiesSlot(attempt)) - Number(wasUnderWay));
    }
  }
}

function attemptOf(row: Record<string, unknown>): Attempt {
  return JSON.parse(String(row.record)) as Attempt;
}
