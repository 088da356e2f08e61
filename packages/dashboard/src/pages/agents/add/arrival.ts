import type { AgentView } from "@mission-control/protocol";

/**
 * Whether an agent has registered itself since somebody began to wait for it: it is new, or one of that name was taken up
 * again, which tells the server its address again.
 * @param before the agents as they were then
 */
export function hasArrived(agent: AgentView, name: string, before: readonly AgentView[]): boolean {
  if (agent.name !== name) return false;
  const known = before.find(({ id }) => id === agent.id);
  return known === undefined || known.updatedAt !== agent.updatedAt;
}
