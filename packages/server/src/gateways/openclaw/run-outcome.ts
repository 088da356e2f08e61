import type { JsonObject } from "@mission-control/protocol";
import { asObject, asText } from "./frames.ts";

/** How a run ended. `text` is the agent's last words, or why it failed. */
export interface RunOutcome {
  outcome: "completed" | "failed" | "cancelled";
  text: string;
}

/** Stop reasons of a run that somebody stopped. */
const STOPPED = ["rpc", "stop", "aborted", "abort"];

/**
 * Reads an answer of `agent.wait`; null while the run goes on. A bare `timeout` only says that nothing was
 * heard of the run in that time.
 */
export function outcomeOfWait(payload: JsonObject): RunOutcome | null {
  const status = asText(payload.status);
  const stopReason = asText(payload.stopReason);
  const ended = status === "timeout" ? stopReason !== undefined || payload.endedAt !== undefined : true;
  if (!ended || payload.pendingError === true) return null;
  if (status === "ok") {
    return { outcome: "completed", text: asText(asObject(payload.terminalReply).text) ?? "" };
  }
  if (status !== "error" && status !== "timeout") return null;
  if (stopReason && STOPPED.includes(stopReason)) {
    return { outcome: "cancelled", text: "The run was stopped." };
  }
  const why = status === "timeout" ? "The run took longer than its gateway allows." : "The run failed.";
  return { outcome: "failed", text: asText(payload.error) ?? why };
}
