import type { LogEvent } from "@mission-control/protocol";
import { useEffect } from "react";
import { refreshOn } from "../../app/refresh-on.ts";
import { useMission } from "../../app/use-mission.ts";

const REFRESH_MS = 150;
/** What changes more of a task than the log's own words say. Plain progress does not. */
const CHANGES_DETAIL: ReadonlySet<LogEvent["type"]> = new Set([
  "status_change",
  "dispatch",
  "complete",
  "error",
  "permission",
  "task",
]);

/** Loads a task's details again when an event says that they changed; several at once cost one request. */
export function useTaskRefresh(taskId: string): void {
  const mission = useMission();
  useEffect(
    () =>
      refreshOn(mission, {
        matters: (event) => event.taskId === taskId && CHANGES_DETAIL.has(event.type),
        everyMs: REFRESH_MS,
        refresh: () => mission.queries.invalidateQueries({ queryKey: ["task", taskId] }),
      }),
    [mission, taskId],
  );
}
