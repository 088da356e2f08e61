import type { TaskStatus } from "@mission-control/protocol";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useLive, useMission } from "../../app/use-mission.ts";
import type { BoardSearch } from "./board-search.ts";
import { serverOrder } from "./columns.ts";

const PAGE = 100;

/**
 * Loads each column's tasks into the store, in the order it is shown in; from then on the log keeps them current. In the
 * order of the columns.
 */
export function useBoardTasks(search: BoardSearch) {
  return [
    useColumn("pending", search),
    useColumn("queued", search),
    useColumn("in_progress", search),
    useColumn("review", search),
    useColumn("completed", search),
    useColumn("failed", search),
    useColumn("cancelled", search),
  ];
}

export type ColumnLoad = ReturnType<typeof useColumn>;

function useColumn(status: TaskStatus, { q, agent, tag }: BoardSearch) {
  const mission = useMission();
  const ready = useLive((live) => live.ready);
  return useInfiniteQuery({
    queryKey: ["board", status, q, agent, tag],
    queryFn: async ({ pageParam, signal }) => {
      const query = new URLSearchParams({ status, sort: serverOrder(status), limit: String(PAGE) });
      if (q?.trim()) query.set("q", q.trim());
      if (agent) query.set("agentId", agent);
      if (tag) query.set("tag", tag);
      if (pageParam) query.set("cursor", pageParam);
      const page = await mission.loadTasks(String(query), signal);
      return { count: page.items.length, nextCursor: page.nextCursor };
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    enabled: ready,
    staleTime: Number.POSITIVE_INFINITY,
    // Read again when the board is opened: what was loaded then may have had to make room since.
    gcTime: 0,
  });
}
