import type { AgentView } from "@mission-control/protocol";
import { useMemo } from "react";
import type { ApiCall } from "../../api/client.ts";
import type { Mission } from "../../app/mission.ts";
import { useMission } from "../../app/use-mission.ts";

/** {@link agentCalls} of this page. */
export function useAgentCalls() {
  const mission = useMission();
  return useMemo(() => agentCalls(mission), [mission]);
}

/** Changes to agents. Each resolves to why it was refused, or to null when it was done. */
export function agentCalls(mission: Pick<Mission, "api" | "queries">) {
  const run = async (call: ApiCall): Promise<string | null> => {
    try {
      await mission.api.call(call);
      await mission.queries.invalidateQueries({ queryKey: ["agents"] });
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  };
  const path = (id: string) => `/api/agents/${encodeURIComponent(id)}`;
  return {
    /** @throws ApiError when the server refuses */
    async create(fields: object): Promise<AgentView & { secret?: string }> {
      const agent = await mission.api.call<AgentView & { secret?: string }>({
        method: "POST",
        path: "/api/agents",
        body: fields,
      });
      await mission.queries.invalidateQueries({ queryKey: ["agents"] });
      return agent;
    },
    edit: (id: string, fields: object) => run({ method: "PATCH", path: path(id), body: fields }),
    remove: (id: string) => run({ method: "DELETE", path: path(id) }),
  };
}
