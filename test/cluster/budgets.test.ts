import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { BudgetView, LogEvent } from "@mission-control/protocol";
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
const TOKENS = 10;

let postgres: PostgresServer;

before(async () => {
  postgres = await PostgresServer.start();
});
after(() => postgres.discard());

test("whichever node counts and is killed, each share of a budget is told once, and every node refuses", async (context) => {
  const place = await Place.make(postgres);
  const agent = await AgentDouble.start();
  const environment = { DATABASE_URL: place.url };
  const nodes = [await ServerProcess.start(environment), await ServerProcess.start(environment)];
  context.after(async () => {
    await Promise.all([...nodes, agent].map((part) => part.close()));
    await place.discard();
  });
  const [first, second] = nodes as [ServerProcess, ServerProcess];
  const budgets = [40, 90, ROUNDS * TASKS * TOKENS];
  for (const tokens of budgets) {
    await first.call("POST", "/api/budgets", { name: `${tokens}`, limit: { tokens }, period: "month" });
  }
  for (let round = 0; round < ROUNDS; round++) {
    const killed = nodes[round % 2] as ServerProcess;
    const other = nodes[(round + 1) % 2] as ServerProcess;
    const known = agent.payloads.length;
    await dispatchTasks(other, agent, TASKS);
    for (const payload of agent.payloads.slice(known)) await complete(sentTo(other, payload), TOKENS);
    await killed.end("SIGKILL");
    await killed.restart();
  }
  const expected = budgets.flatMap((tokens) => [`${tokens} 80`, `${tokens} 100`]).sort();
  let told: string[] = [];
  while (told.length < expected.length) {
    const { items } = await second.call<{ items: LogEvent[] }>(
      "GET",
      "/api/events/history?types=budget&limit=500",
    );
    told = items
      .filter(({ data }) => data.change === "reached")
      .map(({ data }) => `${data.name} ${data.threshold}`);
  }
  assert.deepEqual(told.sort(), expected);
  const { items } = await second.call<{ items: BudgetView[] }>("GET", "/api/budgets");
  for (const { spent } of items) assert.equal(spent, ROUNDS * TASKS * TOKENS);

  await first.call("PATCH", `/api/budgets/${items[0]?.id}`, { refuses: true });
  await assert.rejects(dispatchTasks(first, agent, 1), /409 .*is used up/);
  // The other node follows the log: it knows a moment later.
  const refusedThere = async () => {
    const { id } = await second.call<{ id: string }>("POST", "/api/tasks", { title: "One more" });
    const agents = await second.call<{ items: { id: string }[] }>("GET", "/api/agents");
    const body = { agentId: agents.items[0]?.id };
    const answer = second.call("POST", `/api/tasks/${id}/dispatch`, body);
    return answer.then(
      () => false,
      (error: Error) => /409 .*is used up/.test(error.message),
    );
  };
  while (!(await refusedThere()));
});
