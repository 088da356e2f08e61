import type { AgentView } from "@mission-control/protocol";

const ORDER: Record<AgentView["status"], number> = { online: 0, busy: 1, unknown: 2, offline: 3 };

/**
 * The agents whose name or capability has the words somebody typed: the one that had the task before comes first, then
 * those that can begin at once, by their names.
 */
export function offeredAgents(
  agents: readonly AgentView[],
  typed: string,
  preferred: string | null,
): AgentView[] {
  const needle = typed.trim().toLowerCase();
  return agents
    .filter(({ name, capabilities }) =>
      [name, ...capabilities].some((word) => word.toLowerCase().includes(needle)),
    )
    .sort(
      (a, b) =>
        Number(b.id === preferred) - Number(a.id === preferred) ||
        ORDER[a.status] - ORDER[b.status] ||
        a.name.localeCompare(b.name),
    );
}
