import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Insights } from "@mission-control/protocol";
import { complete } from "../../packages/server/test/support/complete.ts";
import {
  AgentDouble,
  dispatchTasks,
  ServerProcess,
} from "../../packages/server/test/support/server-process.ts";
import { Place } from "./place.ts";
import { PostgresServer } from "./postgres-server.ts";
import { sentTo } from "./sent-to.ts";

const ROUNDS = 4;
const TASKS = 4;
const TOKENS = 7;

let postgres: PostgresServer;

before(async () => {
  postgres = await PostgresServer.start();
});
after(() => postgres.discard());

test("whichever node counts and is killed, every node tells each attempt once", async (context) => {
  const place = await Place.make(postgres);
  const agent = await AgentDouble.start();
  const environment = { DATABASE_URL: place.url };
  const nodes = [await ServerProcess.start(environment), await ServerProcess.start(environment)];
  context.after(async () => {
    await Promise.all([...nodes, agent].map((part) => part.close()));
    await place.discard();
  });
  for (let round = 0; round < ROUNDS; round++) {
    const killed = nodes[round % 2] as ServerProcess;
    const other = nodes[(round + 1) % 2] as ServerProcess;
    const known = agent.payloads.length;
    await dispatchTasks(other, agent, TASKS);
    for (const payload of agent.payloads.slice(known)) await complete(sentTo(other, payload), TOKENS);
    await killed.end("SIGKILL");
    await killed.restart();
  }
  for (const node of nodes) {
    const { total, isComplete } = await node.call<Insights>("GET", "/api/insights");
    assert.equal(isComplete, true);
    assert.equal(total.ended.completed, ROUNDS * TASKS);
    assert.equal(total.inputTokens, ROUNDS * TASKS * TOKENS);
  }
});
