import { useEffect } from "react";
import { useMission } from "../app/use-mission.ts";

/** What the saved views are kept under. */
export const VIEWS_KEY = ["views"];

/**
 * Reads the saved views again when the log says that they were changed, in whatever browser. For the shell, which is there
 * from the beginning: what shows them comes later, and would miss what came before it.
 */
export function useViewNews(): void {
  const mission = useMission();
  useEffect(
    () =>
      mission.onBatch((events) => {
        if (events.some(({ type }) => type === "view"))
          void mission.queries.invalidateQueries({ queryKey: VIEWS_KEY });
      }),
    [mission],
  );
}
