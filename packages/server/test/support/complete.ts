import assert from "node:assert/strict";
import { type DispatchPayload, SIMPLE_SIGNATURE_HEADER, signSimple } from "@mission-control/protocol";

/** Completes a dispatch as its agent does, with so many tokens used. */
export async function complete(
  { task, agent, callback }: DispatchPayload,
  inputTokens: number,
): Promise<void> {
  const said = { taskId: task.id, agentId: agent.id, type: "complete", usage: { inputTokens } };
  const body = JSON.stringify({ ...said, timestamp: new Date().toISOString() });
  const headers = {
    "Content-Type": "application/json",
    [SIMPLE_SIGNATURE_HEADER]: signSimple(callback.secret, body),
  };
  const { status } = await fetch(callback.url, { method: "POST", headers, body });
  assert.equal(status, 200);
}
