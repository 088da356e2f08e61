import type { JsonObject, NewEvent } from "@mission-control/protocol";
import type { AgentRecord } from "../store/records.ts";

/** The event that announces what became of an agent. @param now ISO 8601 UTC */
export function agentEvent({ id, name }: AgentRecord, now: string, data: JsonObject): NewEvent {
  return { type: "agent", agentId: id, message: name, data, timestamp: now, receivedAt: now };
}
