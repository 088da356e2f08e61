import type { AgentView, LogEvent } from "@mission-control/protocol";
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Mission } from "./mission.ts";
import { refreshOn } from "./refresh-on.ts";
import { useMission } from "./use-mission.ts";

const KEY = ["agents"];
/** Agents are asked for again at most this often while events about them come in. */
const REFRESH_MS = 1_000;
const MOVES_AGENTS: ReadonlySet<LogEvent["type"]> = new Set([
  "agent",
  "gateway",
  "dispatch",
  "status_change",
]);

function agentsQuery(mission: Mission) {
  return {
    queryKey: KEY,
    queryFn: async ({ signal }: { signal: AbortSignal }) =>
      (await mission.api.get<{ items: AgentView[] }>("/api/agents", signal)).items,
  };
}

/** All agents, kept current by the events that concern them. */
export function useAgents() {
  return useQuery(agentsQuery(useMission()));
}

/** The name of an agent as far as it is known. */
export function agentName(mission: Mission, id: string): string | undefined {
  return mission.queries.getQueryData<AgentView[]>(KEY)?.find((agent) => agent.id === id)?.name;
}

/** Loads the agents once for their names, and again when the log says that they changed. */
export function useAgentNames(): void {
  const mission = useMission();
  const agents = useQuery(agentsQuery(mission));
  useEffect(() => {
    if (agents.data) mission.changed();
  }, [mission, agents.data]);
  useEffect(
    () =>
      refreshOn(mission, {
        matters: ({ type }) => MOVES_AGENTS.has(type),
        everyMs: REFRESH_MS,
        refresh: () =>
          Promise.all([
            mission.queries.invalidateQueries({ queryKey: KEY }),
            mission.queries.invalidateQueries({ queryKey: ["gateways"] }),
          ]),
      }),
    [mission],
  );
}
