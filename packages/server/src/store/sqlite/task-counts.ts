import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { TaskCountQuery, TaskStatus } from "@mission-control/protocol";
import type { Task } from "../../tasks/task.ts";
import type { TaskCounts as Counts } from "../store.ts";
import { countsByStatus } from "../task-counts.ts";

/** Tasks with a tag are counted one by one, up to so many. */
const MAX_TAGGED = 2000;

/**
 * How many tasks there are of each status. By agent they are kept in memory from the first time they are asked for, as
 * counting all of 100,000 takes tens of milliseconds.
 */
export class TaskCounts {
  readonly #selectAll: StatementSync;
  readonly #selectTagged: StatementSync;
  readonly #countTagged: StatementSync;
  /** By agent; empty for tasks without one. Null until it is asked for. */
  #byAgent: Map<string, Map<TaskStatus, number>> | null = null;

  constructor(db: DatabaseSync) {
    this.#selectAll = db.prepare(
      "SELECT agent_id, status, count(*) AS count FROM tasks GROUP BY agent_id, status",
    );
    const tagged = `SELECT seq FROM task_tags WHERE tag = ? LIMIT ${MAX_TAGGED}`;
    this.#selectTagged = db.prepare(
      `SELECT agent_id, status, count(*) AS count FROM (${tagged}) CROSS JOIN tasks USING (seq)
       GROUP BY agent_id, status`,
    );
    this.#countTagged = db.prepare(
      `SELECT count(*) AS count FROM (SELECT 1 FROM task_tags WHERE tag = ? LIMIT ${MAX_TAGGED + 1})`,
    );
  }

  /** Whether the next reading without a tag is answered from memory, however far the rows are. */
  get isKept(): boolean {
    return this.#byAgent !== null;
  }

  read({ agentId, tag }: TaskCountQuery): Omit<Counts, "lastEventId"> {
    if (tag === undefined) return { counts: sumOf(this.#all(), agentId), isComplete: true };
    const rows = grouped(this.#selectTagged.all(tag));
    const isComplete = Number(this.#countTagged.get(tag)?.count) <= MAX_TAGGED;
    return { counts: sumOf(rows, agentId), isComplete };
  }

  /** A task was written; part of the surrounding commit. @param before null for a new one, `after` for a deleted one */
  changed(before: Task | null, after: Task | null): void {
    if (!this.#byAgent || (before?.status === after?.status && before?.agentId === after?.agentId)) return;
    if (before) add(this.#byAgent, before, -1);
    if (after) add(this.#byAgent, after, 1);
  }

  /** A commit failed: what was counted may never have been stored. */
  rolledBack(): void {
    this.#byAgent = null;
  }

  #all(): Map<string, Map<TaskStatus, number>> {
    this.#byAgent ??= grouped(this.#selectAll.all());
    return this.#byAgent;
  }
}

function grouped(rows: readonly Record<string, unknown>[]): Map<string, Map<TaskStatus, number>> {
  const byAgent = new Map<string, Map<TaskStatus, number>>();
  for (const { agent_id, status, count } of rows) {
    const agent = agent_id === null ? "" : String(agent_id);
    const counts = byAgent.get(agent) ?? new Map<TaskStatus, number>();
    byAgent.set(agent, counts.set(status as TaskStatus, Number(count)));
  }
  return byAgent;
}

function add(byAgent: Map<string, Map<TaskStatus, number>>, { agentId, status }: Task, by: 1 | -1): void {
  const counts = byAgent.get(agentId ?? "") ?? new Map<TaskStatus, number>();
  byAgent.set(agentId ?? "", counts.set(status, (counts.get(status) ?? 0) + by));
}

function sumOf(
  byAgent: ReadonlyMap<string, ReadonlyMap<TaskStatus, number>>,
  agentId: string | undefined,
): Counts["counts"] {
  const chosen = agentId === undefined ? [...byAgent.values()] : [byAgent.get(agentId) ?? new Map()];
  return countsByStatus(chosen.flatMap((counts) => [...counts]));
}
