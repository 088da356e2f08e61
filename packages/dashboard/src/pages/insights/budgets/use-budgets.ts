import type { BudgetView, LogEvent } from "@mission-control/protocol";
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { refreshOn } from "../../../app/refresh-on.ts";
import { useLive, useMission } from "../../../app/use-mission.ts";

export const BUDGETS = "/api/budgets";
const KEY = ["budgets"];
/** Budgets are asked for again at most this often while agents report. */
const REFRESH_MS = 2_000;
/** And this often when nothing happens: periods end. */
const AGAIN_MS = 60_000;
/** Events that may tell of use, or of a budget. */
const MOVES_BUDGETS: ReadonlySet<LogEvent["type"]> = new Set(["activity", "complete", "error", "budget"]);

/** All budgets with what is spent of them, kept current while somebody looks. */
export function useBudgets() {
  const mission = useMission();
  const ready = useLive((live) => live.ready);
  const query = useQuery({
    queryKey: KEY,
    queryFn: async ({ signal }) => (await mission.api.get<{ items: BudgetView[] }>(BUDGETS, signal)).items,
    enabled: ready,
    refetchInterval: AGAIN_MS,
  });
  const hasSome = (query.data?.length ?? 0) > 0;
  useEffect(
    () =>
      refreshOn(mission, {
        matters: ({ type }) => (hasSome ? MOVES_BUDGETS.has(type) : type === "budget"),
        everyMs: REFRESH_MS,
        refresh: () => mission.queries.invalidateQueries({ queryKey: KEY }),
      }),
    [mission, hasSome],
  );
  return query;
}

/** Budgets were changed here: what is shown is asked for at once. */
export function useBudgetsChanged(): () => Promise<void> {
  const { queries } = useMission();
  return () => queries.invalidateQueries({ queryKey: KEY });
}
