import type { TaskCountsView, TaskStatus } from "@mission-control/protocol";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { refreshOn } from "../../app/refresh-on.ts";
import { useLive, useMission } from "../../app/use-mission.ts";
import type { BoardSearch } from "./board-search.ts";

/** Counts are asked for again at most this often while tasks move. */
const REFRESH_MS = 2_000;

/**
 * How many tasks the server has of each status, with the board's agent and tag; a text to look for is not counted, and
 * gives undefined. Columns that are loaded whole need no count: nothing is asked then.
 */
export function useTaskCounts({ agent, tag, q }: BoardSearch, needed: boolean): TaskCountsView | undefined {
  const mission = useMission();
  const ready = useLive((live) => live.ready);
  const asked = needed && !q?.trim();
  const { data } = useQuery({
    queryKey: ["task-counts", agent, tag],
    queryFn: ({ signal }) => {
      const query = new URLSearchParams();
      if (agent) query.set("agentId", agent);
      if (tag) query.set("tag", tag);
      return mission.api.get<TaskCountsView>(`/api/tasks/counts?${query}`, signal);
    },
    enabled: ready && asked,
    placeholderData: keepPreviousData,
  });
  useEffect(() => {
    if (!asked) return;
    return refreshOn(mission, {
      matters: ({ type }) => type === "status_change" || type === "task",
      everyMs: REFRESH_MS,
      refresh: () => mission.queries.invalidateQueries({ queryKey: ["task-counts"] }),
    });
  }, [mission, asked]);
  return asked ? data : undefined;
}

/**
 * How many tasks a column has, in words.
 * @param isWhole whether all of them are loaded; then what is loaded is the count, and moves at once
 */
export function countOf(
  status: TaskStatus,
  loaded: number,
  isWhole: boolean,
  known: Pick<TaskCountsView, "counts" | "isComplete"> | undefined,
): string {
  if (isWhole) return String(loaded);
  const counted = known?.counts[status] ?? 0;
  // The log may be ahead of the last count.
  return known?.isComplete && counted >= loaded ? String(counted) : `${Math.max(counted, loaded)}+`;
}
