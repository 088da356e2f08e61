import { type AgentView, agentSchema } from "@mission-control/protocol";
import { z } from "zod";
import type { ApiClient } from "./api-client.ts";
import { findByName } from "./by-name.ts";

const agentListSchema = z.object({ items: z.array(agentSchema) });

/** Every agent the server knows. */
export async function listAgents(client: ApiClient): Promise<AgentView[]> {
  return (await client.get("/api/agents", agentListSchema)).items;
}

/** The agent of this id or name. @throws CommandError */
export async function findAgent(client: ApiClient, idOrName: string): Promise<AgentView> {
  return findByName("agent", await listAgents(client), idOrName);
}
