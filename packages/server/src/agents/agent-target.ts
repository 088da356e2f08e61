import type { AgentTarget } from "../gateways/gateway.ts";
import type { AgentRecord } from "../store/records.ts";

/** An agent as the gateways need to know it. */
export function targetOf({ id, endpoint, secret, previousSecret }: AgentRecord): AgentTarget {
  return {
    agentId: id,
    endpoint,
    ...(secret === undefined ? {} : { secret }),
    ...(previousSecret ? { previousSecret } : {}),
  };
}
