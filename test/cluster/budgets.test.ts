import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { BudgetView } from "@mission-control/protocol";
import { dispatchTasks } from "../../packages/server/test/support/server-process.ts";
import { sharesTold } from "../../packages/server/test/support/shares-told.ts";
import { killInTurns, startNodesThatCount } from "./nodes-that-count.ts";
import { PostgresServer } from "./postgres-server.ts";

const ROUNDS = 4;
const TASKS = 4;
const TOKENS = 10;

let postgres: PostgresServer;

before(async () => {
  postgres = await PostgresServer.start();
});
after(() => postgres.discard());

test("whichever node counts and is killed, each share of a budget is told once, and every node refuses", async (context) => {
  const { nodes, agent } = await startNodesThatCount(context, postgres);
  const [first, second] = nodes;
  const budgets = [40, 90, ROUNDS * TASKS * TOKENS];
  for (const tokens of budgets) {
    await first.call("POST", "/api/budgets", { name: `${tokens}`, limit: { tokens }, period: "month" });
  }
  await killInTurns({ nodes, agent }, { rounds: ROUNDS, tasks: TASKS, tokens: TOKENS });
  const expected = budgets.flatMap((tokens) => [`${tokens} 80`, `${tokens} 100`]).sort();
  assert.deepEqual(await sharesTold(second, expected.length), expected);
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
