import assert from "node:assert/strict";
import { test } from "node:test";
import { INTERRUPTED, outcomeOfWait } from "./run-outcome.ts";

test("answers of agent.wait, as a real gateway gave them", () => {
  const ok = {
    status: "ok",
    endedAt: 1,
    stopReason: "stop",
    terminalReply: { disposition: "visible", text: "Hi" },
  };
  assert.deepEqual(outcomeOfWait(ok), { outcome: "completed", text: "Hi" });
  assert.deepEqual(outcomeOfWait({ status: "ok", terminalReply: { disposition: "empty" } }), {
    outcome: "completed",
    text: "",
  });
  assert.deepEqual(outcomeOfWait({ status: "error", endedAt: 1, error: "LLM request failed" }), {
    outcome: "failed",
    text: "LLM request failed",
  });
  assert.deepEqual(outcomeOfWait({ status: "error", endedAt: 1, stopReason: "rpc" }), {
    outcome: "cancelled",
    text: "The run was stopped.",
  });
  assert.deepEqual(outcomeOfWait({ status: "timeout", endedAt: 1, stopReason: "timeout" }), {
    outcome: "failed",
    text: "The run took longer than its gateway allows.",
  });
  const restarted = {
    status: "error",
    endedAt: 1,
    error: "agent run aborted for restart",
    stopReason: "restart",
  };
  assert.equal(outcomeOfWait(restarted), INTERRUPTED, "the work goes on under another id");
});

test("silence is no end", () => {
  assert.equal(outcomeOfWait({ status: "timeout" }), null);
  assert.equal(outcomeOfWait({ status: "timeout", pendingError: true, error: "retrying", endedAt: 1 }), null);
  assert.equal(outcomeOfWait({ status: "pending", timeoutPhase: "queue" }), null);
});
