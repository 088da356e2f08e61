import type { GatewayAgent } from "@mission-control/protocol";
import { asObjects, asText } from "./frames.ts";
import type { GatewayConnection } from "./gateway-connection.ts";

/** The agents a gateway has. */
export async function listAgents(
  connection: GatewayConnection,
  signal: AbortSignal,
): Promise<GatewayAgent[]> {
  const { agents, defaultId } = await connection.request("agents.list", {}, { signal });
  return asObjects(agents).flatMap((agent) => {
    const id = asText(agent.id);
    if (!id) return [];
    const name = asText(agent.name);
    return [{ id, ...(name ? { name } : {}), default: id === defaultId }];
  });
}
