import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Insights } from "@mission-control/protocol";
import { killInTurns, startNodesThatCount } from "./nodes-that-count.ts";
import { PostgresServer } from "./postgres-server.ts";

const ROUNDS = 4;
const TASKS = 4;
const TOKENS = 7;

let postgres: PostgresServer;

before(async () => {
  postgres = await PostgresServer.start();
});
after(() => postgres.discard());

test("whichever node counts and is killed, every node tells each attempt once", async (context) => {
  const { nodes, agent } = await startNodesThatCount(context, postgres);
  await killInTurns({ nodes, agent }, { rounds: ROUNDS, tasks: TASKS, tokens: TOKENS });
  for (const node of nodes) {
    const { total, isComplete } = await node.call<Insights>("GET", "/api/insights");
    assert.equal(isComplete, true);
    assert.equal(total.ended.completed, ROUNDS * TASKS);
    assert.equal(total.inputTokens, ROUNDS * TASKS * TOKENS);
  }
});
