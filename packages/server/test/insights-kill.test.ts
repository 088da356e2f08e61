import assert from "node:assert/strict";
import { test } from "node:test";
import type { Insights } from "@mission-control/protocol";
import { complete } from "./support/complete.ts";
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
    for (const payload of agent.payloads.slice(before)) await complete(payload, TOKENS);
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
