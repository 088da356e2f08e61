import assert from "node:assert/strict";
import { test } from "node:test";
import type { BudgetView } from "@mission-control/protocol";
import { killWhileCounting } from "./support/kills-while-counting.ts";
import { AgentDouble, ServerProcess } from "./support/server-process.ts";
import { sharesTold } from "./support/shares-told.ts";

const ROUNDS = 5;
const TASKS = 4;
const TOKENS = 10;

test("killed while it counts, the server tells each share of a budget once", async (context) => {
  const server = await ServerProcess.start();
  const agent = await AgentDouble.start();
  context.after(async () => {
    await server.close();
    await agent.close();
  });
  const budgets = [60, 100, 150, ROUNDS * TASKS * TOKENS];
  for (const tokens of budgets) {
    // A month in which the test runs over a change of the day, too.
    await server.call("POST", "/api/budgets", { name: `${tokens}`, limit: { tokens }, period: "month" });
  }
  await killWhileCounting(server, agent, {
    rounds: ROUNDS,
    tasks: TASKS,
    tokens: TOKENS,
    read: "/api/budgets",
  });
  const { items } = await server.call<{ items: BudgetView[] }>("GET", "/api/budgets");
  assert.deepEqual(
    items.map(({ spent, unknown }) => [spent, unknown]),
    items.map(() => [ROUNDS * TASKS * TOKENS, 0]),
  );
  const expected = budgets.flatMap((tokens) => [`${tokens} 80`, `${tokens} 100`]).sort();
  // The last of it is told in the seconds after the start.
  assert.deepEqual(await sharesTold(server, expected.length), expected);
});
