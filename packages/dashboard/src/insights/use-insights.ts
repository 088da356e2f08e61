import type { Insights } from "@mission-control/protocol";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { refreshOn } from "../app/refresh-on.ts";
import { useLive, useMission } from "../app/use-mission.ts";

/** Figures are asked for again at most this often while attempts end. */
const REFRESH_MS = 3_000;
/** And this often when nothing happens: time goes on. */
const AGAIN_MS = 60_000;
const COUNTED: ReadonlySet<string> = new Set([
  "complete",
  "error",
  "dispatch",
  "permission",
  "status_change",
]);

/** What was done in the last so many days, the one under way included. */
export interface InsightsAsked {
  days: number;
  agentId?: string | undefined;
  tag?: string | undefined;
}

/** What the server counted, kept current while somebody looks. One day goes by hours, several by days of this place. */
export function useInsights({ days, agentId, tag }: InsightsAsked) {
  const mission = useMission();
  const ready = useLive((live) => live.ready);
  const query = useQuery({
    queryKey: ["insights", days, agentId, tag],
    queryFn: ({ signal }) => {
      const asked = new URLSearchParams(stretchOf(days, Date.now() + (mission.clock.estimate?.offset ?? 0)));
      if (agentId !== undefined) asked.set("agentId", agentId);
      if (tag !== undefined) asked.set("tag", tag);
      return mission.api.get<Insights>(`/api/insights?${asked}`, signal);
    },
    enabled: ready,
    refetchInterval: AGAIN_MS,
    placeholderData: keepPreviousData,
  });
  useEffect(
    () =>
      refreshOn(mission, {
        matters: ({ type }) => COUNTED.has(type),
        everyMs: REFRESH_MS,
        refresh: () => mission.queries.invalidateQueries({ queryKey: ["insights"] }),
      }),
    [mission],
  );
  return query;
}

/**
 * What to ask the server for. A single day is the last 24 hours by the server's own clock; several begin with a day here.
 * @param now milliseconds since 1970 by the server's clock, as far as that is known
 */
export function stretchOf(days: number, now: number): Record<string, string> {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  if (days === 1) return { hours: "24", by: "hour", timeZone };
  const first = new Date(now);
  // By the calendar: days on which clocks are set are not as long as others.
  first.setDate(first.getDate() - (days - 1));
  first.setHours(0, 0, 0, 0);
  return { from: first.toISOString(), by: "day", timeZone };
}
