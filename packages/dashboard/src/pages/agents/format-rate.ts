import type { AgentRecord } from "../../insights/attempt-history.ts";
import { agentsText } from "../../text/agents-text.ts";
import { text } from "../../text/text.ts";

/** Share and count of what an agent completed. */
export function formatRate(record: AgentRecord | undefined): string {
  if (!record || record.successRate === null) return text.none;
  return agentsText.rate(Math.round(record.successRate * 100), record.ended);
}
