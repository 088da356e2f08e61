import type { Priority, TaskStatus, TaskSummary } from "@mission-control/protocol";
import type { PendingAction } from "../../store/pending-actions.ts";
import type { BoardSearch } from "./board-search.ts";

/** The columns, as a task goes through them. */
export const COLUMNS = [
  "pending",
  "queued",
  "in_progress",
  "review",
  "completed",
  "failed",
  "cancelled",
] as const satisfies readonly TaskStatus[];

const RANK: Record<Priority, number> = { urgent: 0, high: 1, normal: 2, low: 3 };
/** Where the next thing to do is on top; elsewhere it is the latest that happened. */
const BY_PRIORITY: ReadonlySet<TaskStatus> = new Set(["pending", "queued", "in_progress"]);

/** The order a column's pages are asked for in: the one it is shown in, so that its top is among the first. */
export function serverOrder(status: TaskStatus): "priority" | "updatedAt" {
  return BY_PRIORITY.has(status) ? "priority" : "updatedAt";
}

/** Sorts tasks into columns: one with an action under way is shown where it is going. */
export function arrange(
  tasks: readonly TaskSummary[],
  pendingOf: (taskId: string) => PendingAction | undefined,
  filter: BoardSearch,
): Record<TaskStatus, TaskSummary[]> {
  const columns = Object.fromEntries(COLUMNS.map((status) => [status, [] as TaskSummary[]])) as Record<
    TaskStatus,
    TaskSummary[]
  >;
  for (const task of tasks) {
    if (matchesFilter(task, filter)) columns[pendingOf(task.id)?.to ?? task.status].push(task);
  }
  for (const status of COLUMNS) columns[status].sort(BY_PRIORITY.has(status) ? byUrgency : byChange);
  return columns;
}

/** How many tasks each column has. */
export function countsOf(columns: Record<TaskStatus, readonly TaskSummary[]>): Record<TaskStatus, number> {
  return Object.fromEntries(COLUMNS.map((status) => [status, columns[status].length])) as Record<
    TaskStatus,
    number
  >;
}

function matchesFilter(task: TaskSummary, { q, agent, tag }: BoardSearch): boolean {
  if (agent && task.agentId !== agent) return false;
  if (tag && !task.tags.includes(tag)) return false;
  const needle = q?.trim().toLowerCase();
  if (!needle) return true;
  return [task.title, task.description, ...task.tags].some((words) => words.toLowerCase().includes(needle));
}

/** What waits for somebody's answer first: until then nothing goes on there. */
function byUrgency(a: TaskSummary, b: TaskSummary): number {
  const asks = Number(b.waitingFor !== undefined) - Number(a.waitingFor !== undefined);
  return (
    asks || RANK[a.priority] - RANK[b.priority] || compare(a.createdAt, b.createdAt) || compare(a.id, b.id)
  );
}

function byChange(a: TaskSummary, b: TaskSummary): number {
  return compare(b.updatedAt, a.updatedAt);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
