import type { AgentView } from "@mission-control/protocol";

/** A capability, and the agents that have it and can be reached. */
export interface CapabilityOffer {
  capability: string;
  agents: readonly AgentView[];
  /** How many more tasks they can begin now, together. */
  free: number;
}

/** The capabilities of the agents that can be reached, by name; those that match what somebody typed. */
export function capabilityOffers(agents: readonly AgentView[], typed: string): CapabilityOffer[] {
  const needle = typed.trim().toLowerCase();
  const reachable = agents.filter(({ status }) => status !== "offline");
  const names = new Set(reachable.flatMap(({ capabilities }) => capabilities));
  return [...names]
    .filter((name) => name.toLowerCase().includes(needle))
    .sort((a, b) => a.localeCompare(b))
    .map((capability) => {
      const able = reachable.filter(({ capabilities }) => capabilities.includes(capability));
      return { capability, agents: able, free: able.reduce((sum, agent) => sum + freeSlots(agent), 0) };
    });
}

/**
 * Who gets each of a number of tasks: always the agent that has the most room then, so that they are spread; once all
 * are full, the one with the shortest queue for its size.
 */
export function shareOut(agents: readonly AgentView[], tasks: number): string[] {
  const load = new Map(agents.map((agent) => [agent, agent.running + agent.queued]));
  return Array.from({ length: agents.length === 0 ? 0 : tasks }, () => {
    const [chosen] = [...load].sort(
      ([a, loadA], [b, loadB]) =>
        Math.max(0, b.concurrency - loadB) - Math.max(0, a.concurrency - loadA) ||
        loadA / a.concurrency - loadB / b.concurrency ||
        a.name.localeCompare(b.name),
    )[0] as [AgentView, number];
    load.set(chosen, (load.get(chosen) ?? 0) + 1);
    return chosen.id;
  });
}

function freeSlots({ concurrency, running, queued }: AgentView): number {
  return Math.max(0, concurrency - running - queued);
}
