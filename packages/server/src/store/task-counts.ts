import { type TaskStatus, taskStatusSchema } from "@mission-control/protocol";

/** Counts added up, with every status in them. */
export function countsByStatus(found: Iterable<readonly [TaskStatus, number]>): Record<TaskStatus, number> {
  const counts = Object.fromEntries(taskStatusSchema.options.map((status) => [status, 0])) as Record<
    TaskStatus,
    number
  >;
  for (const [status, count] of found) counts[status] += count;
  return counts;
}
