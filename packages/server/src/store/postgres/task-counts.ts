import type { TaskCountQuery } from "@mission-control/protocol";
import type { TaskCounts } from "../store.ts";
import { countsByStatus } from "../task-counts.ts";
import type { Database } from "./database.ts";
import { prepared } from "./statement.ts";
import { tagOf } from "./task-row.ts";

const selectHead = prepared("task_counts_head", "SELECT newest FROM log_head");

/** How many tasks there are of each status, among those that a query finds. @see Store.taskCounts */
export async function countTasks(database: Database, { agentId, tag }: TaskCountQuery): Promise<TaskCounts> {
  const values: string[] = [];
  const conditions: string[] = [];
  if (agentId !== undefined) conditions.push(`agent_id = $${values.push(agentId)}`);
  if (tag !== undefined) conditions.push(`tags @> ARRAY[$${values.push(tagOf(tag))}::text]`);
  const names = [agentId === undefined ? "" : "_of_agent", tag === undefined ? "" : "_with_tag"].join("");
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  const count = prepared(
    `task_counts${names}`,
    `SELECT status, count(*)::int AS count FROM tasks ${where} GROUP BY status`,
  );
  const [head, counted] = await database.readAtOnce(selectHead(), count(...values));
  return {
    counts: countsByStatus((counted?.rows ?? []).map(({ status, count }) => [status, count] as const)),
    isComplete: true,
    lastEventId: Number(head?.rows[0]?.newest),
  };
}
