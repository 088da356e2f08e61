import { createContext, useContext, useSyncExternalStore } from "react";
import type { Mission } from "./mission.ts";

export const MissionContext = createContext<Mission | null>(null);

/** What the page knows of the server. */
export function useMission(): Mission {
  const mission = useContext(MissionContext);
  if (!mission) throw new Error("There is no Mission above this component.");
  return mission;
}

/** A value from the live state. `select` must give the same value while nothing changed. */
export function useLive<Value>(select: (mission: Mission) => Value): Value {
  const mission = useMission();
  return useSyncExternalStore(mission.subscribe, () => select(mission));
}

/** Renders again whenever the live state was told to have changed. */
export function useLiveVersion(): number {
  return useLive((mission) => mission.version);
}
