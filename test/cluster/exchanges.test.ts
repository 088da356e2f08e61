import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CALLBACK_PATH, type ExchangePage } from "@mission-control/protocol";
import {
  AgentDouble,
  dispatchTasks,
  ServerProcess,
} from "../../packages/server/test/support/server-process.ts";
import { Place } from "./place.ts";
import { PostgresServer } from "./postgres-server.ts";

let database: PostgresServer;

before(async () => {
  database = await PostgresServer.start();
});
after(() => database.discard());

test("what each node sent and refused is in one list, at any of them, and outlives a node that is killed", async (context) => {
  const place = await Place.make(database);
  const first = await ServerProcess.start({ DATABASE_URL: place.url });
  const second = await ServerProcess.start({ DATABASE_URL: place.url });
  const agents = [await AgentDouble.start(), await AgentDouble.start()] as const;
  context.after(async () => {
    await Promise.all([first.close(), second.close()]);
    await Promise.all(agents.map((agent) => agent.close()));
    await place.discard();
  });
  const [byFirst] = await dispatchTasks(first, agents[0], 1);
  const [bySecond] = await dispatchTasks(second, agents[1], 1);
  const refuse = ({ url }: ServerProcess) => fetch(url + CALLBACK_PATH, { method: "POST", body: url });
  assert.deepEqual([(await refuse(first)).status, (await refuse(second)).status], [401, 401]);
  const list = async (node: ServerProcess) =>
    (await node.call<ExchangePage>("GET", "/api/exchanges")).items.map(
      ({ direction, result, dispatchId = "" }) => `${direction} ${result} ${dispatchId}`,
    );
  const expected = [
    "callback refused ",
    "callback refused ",
    ...[byFirst, bySecond].map((payload) => `dispatch ok ${payload?.dispatchId}`),
  ].sort();
  // They are kept beside the answers, not before them.
  while ((await list(first)).length < expected.length);
  assert.deepEqual((await list(first)).sort(), expected);
  assert.deepEqual(await list(second), await list(first));
  await first.end("SIGKILL");
  assert.deepEqual((await list(second)).sort(), expected);
});
