import type { JsonObject } from "@mission-control/protocol";
import { asObject, asText } from "./frames.ts";

/** How a run ended. `text` is the agent's last words, or why it failed. */
export interface RunOutcome {
  outcome: "completed" | "failed" | "cancelled";
  text: string;
}

/**
 * Where a run was interrupted by its gateway, or by somebody who wrote to the agent meanwhile: the gateway goes on with
 * the work in a run of another id.
 */
export const INTERRUPTED = "interrupted";

/** Stop reasons of a run that somebody stopped. */
const STOPPED = ["rpc", "stop", "aborted", "abort"];

/**
 * Reads an answer of `agent.wait`; null while the run goes on, or waits for its turn. A bare `timeout` only says that
 * nothing was heard of the run in that time.
 */
export function outcomeOfWait(payload: JsonObject): RunOutcome | typeof INTERRUPTED | null {
  const status = asText(payload.status);
  const stopReason = asText(payload.stopReason);
  const ended = status === "timeout" ? stopReason !== undefined || payload.endedAt !== undefined : true;
  if (!ended || payload.pendingError === true) return null;
  if (status === "ok") {
    return { outcome: "completed", text: asText(asObject(payload.terminalReply).text) ?? "" };
  }
  if (status !== "error" && status !== "timeout") return null;
  if (stopReason === "restart") return INTERRUPTED;
  if (stopReason && STOPPED.includes(stopReason)) {
    return { outcome: "cancelled", text: "The run was stopped." };
  }
  const why = status === "timeout" ? "The run took longer than its gateway allows." : "The run failed.";
  return { outcome: "failed", text: asText(payload.error) ?? why };
}
