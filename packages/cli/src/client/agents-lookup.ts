import { type AgentView, agentSchema } from "@mission-control/protocol";
import { z } from "zod";
import { CommandError } from "../terminal/command-error.ts";
import type { ApiClient } from "./api-client.ts";

const agentListSchema = z.object({ items: z.array(agentSchema) });

/** Every agent the server knows. */
export async function listAgents(client: ApiClient): Promise<AgentView[]> {
  return (await client.get("/api/agents", agentListSchema)).items;
}

/** The agent of this id or name. */
export async function findAgent(client: ApiClient, idOrName: string): Promise<AgentView> {
  const agents = await listAgents(client);
  const byId = agents.find(({ id }) => id === idOrName);
  if (byId) return byId;
  const [found, ...others] = agents.filter(({ name }) => name === idOrName);
  if (!found) {
    const known =
      agents.map(({ name }) => name).join(", ") || "none yet: add one with mission-control agents add";
    throw new CommandError(`There is no agent "${idOrName}"; known: ${known}.`);
  }
  if (others.length > 0) {
    const ids = [found, ...others].map(({ id }) => id).join(", ");
    throw new CommandError(`Several agents are named "${idOrName}": give the id of one, ${ids}.`);
  }
  return found;
}
