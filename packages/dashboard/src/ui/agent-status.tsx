import type { AgentView } from "@mission-control/protocol";
import { text } from "../text/text.ts";
import { Badge, type Tone } from "./state.tsx";

const TONE: Record<AgentView["status"], Tone> = {
  online: "good",
  busy: "running",
  offline: "bad",
  unknown: "idle",
};

/** Whether an agent can be reached, in a word; why not, on hover. */
export function AgentStatusBadge({ agent }: { agent: Pick<AgentView, "status" | "statusReason"> }) {
  return (
    <span title={agent.statusReason}>
      <Badge tone={TONE[agent.status]}>{text.agentStatus[agent.status]}</Badge>
    </span>
  );
}
