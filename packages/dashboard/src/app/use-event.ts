import type { LogEvent } from "@mission-control/protocol";
import { useQuery } from "@tanstack/react-query";
import { useMission } from "./use-mission.ts";

/**
 * One event of the log, whole; null where the log does not have it any more.
 * @param known the event, where it is here whole already: what never changes need not be asked for
 */
export function useEvent(id: number, known: LogEvent | undefined) {
  const { api } = useMission();
  return useQuery({
    queryKey: ["event", id],
    queryFn: async ({ signal }) => {
      const page = await api.get<{ items: LogEvent[] }>(
        `/api/events/history?before=${id + 1}&limit=1`,
        signal,
      );
      return page.items.find((item) => item.id === id) ?? null;
    },
    initialData: known,
    staleTime: Number.POSITIVE_INFINITY,
  });
}
