import type { InsightFigures, Insights } from "@mission-control/protocol";
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { refreshOn } from "../../app/refresh-on.ts";
import { useMission } from "../../app/use-mission.ts";

const KEY = ["agent-figures"];
/** What is counted is read again at most this often while attempts end. */
const REFRESH_MS = 2_000;
const WEEK_HOURS = 7 * 24;

/** What an agent did in the last seven days, and what it cost today. */
export interface AgentFigures {
  week: InsightFigures | undefined;
  today: InsightFigures | undefined;
}

/** What the server counted of each agent, read again while attempts end; undefined until it is here. */
export function useAgentFigures(): ((agentId: string) => AgentFigures) | undefined {
  const { api, clock } = useMission();
  useFreshFigures();
  const week = useQuery({
    queryKey: [...KEY, "week"],
    queryFn: ({ signal }) => api.get<Insights>(`/api/insights?hours=${WEEK_HOURS}&by=day`, signal),
  });
  const today = useQuery({
    queryKey: [...KEY, "today"],
    queryFn: ({ signal }) => {
      const from = startOfDay(new Date(Date.now() + (clock.estimate?.offset ?? 0)));
      return api.get<Insights>(`/api/insights?${new URLSearchParams({ from: from.toISOString() })}`, signal);
    },
  });
  if (!week.data || !today.data) return undefined;
  const find = ({ agents }: Insights, id: string) => agents.find(({ agentId }) => agentId === id);
  const [ofWeek, ofToday] = [week.data, today.data];
  return (id) => ({ week: find(ofWeek, id), today: find(ofToday, id) });
}

/** Why an agent's attempts failed in the last seven days, the most frequent reason first. */
export function useFailureReasons(agentId: string) {
  const { api } = useMission();
  useFreshFigures();
  return useQuery({
    queryKey: [...KEY, "reasons", agentId],
    queryFn: async ({ signal }) => {
      const asked = new URLSearchParams({ hours: String(WEEK_HOURS), by: "day", agentId });
      return (await api.get<Insights>(`/api/insights?${asked}`, signal)).reasons;
    },
  });
}

/** The share of an agent's attempts that completed, in percent, of so many; null where none ended by itself. */
export function successOf(figures: InsightFigures | undefined): { percent: number; attempts: number } | null {
  if (!figures) return null;
  const { completed = 0, failed = 0, rejected = 0, lost = 0 } = figures.ended;
  const attempts = completed + failed + rejected + lost;
  return attempts === 0 ? null : { percent: Math.round((completed / attempts) * 100), attempts };
}

/** Midnight where somebody looks at the page. */
function startOfDay(now: Date): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate());
}

function useFreshFigures(): void {
  const mission = useMission();
  useEffect(
    () =>
      refreshOn(mission, {
        matters: ({ type }) => type === "status_change",
        everyMs: REFRESH_MS,
        refresh: () => mission.queries.invalidateQueries({ queryKey: KEY }),
      }),
    [mission],
  );
}
