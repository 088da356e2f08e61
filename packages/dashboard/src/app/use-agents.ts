import type { AgentView, LogEvent } from "@mission-control/protocol";
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Mission } from "./mission.ts";
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
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = mission.onBatch((events) => {
      if (timer !== undefined || !events.some(({ type }) => MOVES_AGENTS.has(type))) return;
      timer = setTimeout(() => {
        timer = undefined;
        void mission.queries.invalidateQueries({ queryKey: KEY });
        void mission.queries.invalidateQueries({ queryKey: ["gateways"] });
      }, REFRESH_MS);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [mission]);
}
