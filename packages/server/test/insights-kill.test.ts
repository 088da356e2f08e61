import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type DispatchPayload,
  type Insights,
  SIMPLE_SIGNATURE_HEADER,
  signSimple,
} from "@mission-control/protocol";
import { AgentDouble, dispatchTasks, ServerProcess } from "./support/server-process.ts";

const ROUNDS = 6;
const TASKS = 5;
const TOKENS = 7;

test("killed while it counts, the server counts everything once", async (context) => {
  const server = await ServerProcess.start();
  const agent = await AgentDouble.start();
  context.after(async () => {
    await server.close();
    await agent.close();
  });
  for (let round = 0; round < ROUNDS; round++) {
    const before = agent.payloads.length;
    await dispatchTasks(server, agent, TASKS);
    for (const payload of agent.payloads.slice(before)) await complete(payload);
    await server.end("SIGKILL");
    // What it finds at its start it counts at once: the next kill falls somewhere into that.
    await server.restart();
    for (let calls = 0; calls < round; calls++) await server.call("GET", "/api/insights");
    await server.end("SIGKILL");
    await server.restart();
  }
  const { total, agents, isComplete } = await server.call<Insights>("GET", "/api/insights");
  assert.equal(isComplete, true);
  assert.equal(total.ended.completed, ROUNDS * TASKS);
  assert.equal(total.inputTokens, ROUNDS * TASKS * TOKENS);
  assert.equal(total.worked?.count, ROUNDS * TASKS);
  assert.equal(agents.length, ROUNDS);
});

async function complete({ task, agent, callback }: DispatchPayload): Promise<void> {
  const said = { taskId: task.id, agentId: agent.id, type: "complete", usage: { inputTokens: TOKENS } };
  const body = JSON.stringify({ ...said, timestamp: new Date().toISOString() });
  const headers = {
    "Content-Type": "application/json",
    [SIMPLE_SIGNATURE_HEADER]: signSimple(callback.secret, body),
  };
  const { status } = await fetch(callback.url, { method: "POST", headers, body });
  assert.equal(status, 200);
}
