import type { TaskSummary } from "@mission-control/protocol";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useLive, useLiveVersion, useMission } from "../../app/use-mission.ts";

/** More than so many are work for the board. */
const LOADED = 200;

/** What agents have in hand, by agent: first what asks, then what moved last. Kept current by the log. */
export function useAgentTasks(): ReadonlyMap<string, readonly TaskSummary[]> {
  const mission = useMission();
  const ready = useLive((live) => live.ready);
  const version = useLiveVersion();
  useQuery({
    queryKey: ["tasks-in-hand"],
    queryFn: async ({ signal }) => {
      const query = new URLSearchParams({ status: "in_progress", sort: "updatedAt", limit: String(LOADED) });
      return (await mission.loadTasks(String(query), signal)).items.length;
    },
    enabled: ready,
    staleTime: Number.POSITIVE_INFINITY,
    // Read again when the page is opened: what was loaded then may have had to make room since.
    gcTime: 0,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the state of the stores
  return useMemo(() => tasksInHand(mission.tasks.all()), [mission, version]);
}

/** The tasks in progress by their agent: first what asks, then what moved last. */
export function tasksInHand(tasks: readonly TaskSummary[]): Map<string, TaskSummary[]> {
  const byAgent = new Map<string, TaskSummary[]>();
  for (const task of tasks) {
    if (task.status !== "in_progress" || task.agentId === null) continue;
    const theirs = byAgent.get(task.agentId);
    if (theirs) theirs.push(task);
    else byAgent.set(task.agentId, [task]);
  }
  for (const theirs of byAgent.values()) theirs.sort(byNeed);
  return byAgent;
}

function byNeed(a: TaskSummary, b: TaskSummary): number {
  const asks = Number(b.waitingFor !== undefined) - Number(a.waitingFor !== undefined);
  return asks || compare(b.updatedAt, a.updatedAt) || compare(a.id, b.id);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
