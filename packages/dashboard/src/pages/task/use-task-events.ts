import type { LogEvent } from "@mission-control/protocol";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { useMission } from "../../app/use-mission.ts";

const PAGE = 500;

/** A task's whole history: what the server has, and what the log brought since. Oldest first. */
export function useTaskEvents(taskId: string) {
  const mission = useMission();
  const [fresh, setFresh] = useState<readonly LogEvent[]>([]);
  const query = useInfiniteQuery({
    queryKey: ["task-events", taskId],
    queryFn: ({ pageParam, signal }) =>
      mission.api.get<{ items: LogEvent[]; nextCursor: string | null }>(
        `/api/tasks/${encodeURIComponent(taskId)}/events?after=${pageParam}&limit=${PAGE}`,
        signal,
      ),
    initialPageParam: "0",
    getNextPageParam: (page) => page.nextCursor,
    // Kept current by the log below; loaded again whenever the page is opened.
    staleTime: 0,
  });
  useEffect(() => {
    setFresh(mission.log.events().filter((event) => event.taskId === taskId));
    return mission.onBatch((events) => {
      const own = events.filter((event) => event.taskId === taskId);
      if (own.length > 0) setFresh((before) => [...before, ...own]);
    });
  }, [mission, taskId]);
  const pages = query.data?.pages;
  const events = useMemo(() => {
    const stored = (pages ?? []).flatMap(({ items }) => items);
    const last = stored.at(-1)?.id ?? 0;
    // With pages still to be loaded, what is fresh would leave a gap in between.
    const complete = pages !== undefined && pages.at(-1)?.nextCursor === null;
    return complete ? [...stored, ...fresh.filter(({ id }) => id > last)] : stored;
  }, [pages, fresh]);
  return { events, query };
}
