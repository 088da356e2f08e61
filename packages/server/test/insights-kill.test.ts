import assert from "node:assert/strict";
import { test } from "node:test";
import type { Insights } from "@mission-control/protocol";
import { killWhileCounting } from "./support/kills-while-counting.ts";
import { AgentDouble, ServerProcess } from "./support/server-process.ts";

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
  await killWhileCounting(server, agent, {
    rounds: ROUNDS,
    tasks: TASKS,
    tokens: TOKENS,
    read: "/api/insights",
  });
  const { total, agents, isComplete } = await server.call<Insights>("GET", "/api/insights");
  assert.equal(isComplete, true);
  assert.equal(total.ended.completed, ROUNDS * TASKS);
  assert.equal(total.inputTokens, ROUNDS * TASKS * TOKENS);
  assert.equal(total.worked?.count, ROUNDS * TASKS);
  assert.equal(agents.length, ROUNDS);
});
