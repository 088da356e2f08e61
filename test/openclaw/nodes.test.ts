import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { AgentView, TaskView } from "@mission-control/protocol";
import { PostgresServer } from "../cluster/postgres-server.ts";
import { GatewayProcess } from "./gateway-process.ts";
import { ServerProcess } from "./server-process.ts";
import { type Step, StubModel, scriptText } from "./stub-model.ts";

const model = new StubModel();
let gateway: GatewayProcess;
let database: PostgresServer;
/** The one that is connected to the gateway, and has its agents' work; and one that would take over. */
let owner: ServerProcess;
let other: ServerProcess;
let agentId: string;

before(async () => {
  database = await PostgresServer.start();
  gateway = await GatewayProcess.start(await model.listen());
  const at = { url: gateway.url, token: gateway.token };
  owner = await ServerProcess.start(at, { DATABASE_URL: database.url() });
  await owner.gatewayState("connected");
  other = await ServerProcess.start(at, { DATABASE_URL: database.url() });
  const agent = { name: "Coder", concurrency: 4, endpoint: { kind: "openclaw", agentId: "coder" } };
  agentId = (await other.call<AgentView>("POST", "/api/agents", agent)).body.id;
});

after(async () => {
  await Promise.all([owner?.close(), other?.close()]);
  await gateway?.close();
  await model.close();
  await database?.discard();
});

/** Creates a task at the node that does not own the agent, and dispatches it. */
async function dispatch(key: string, steps: Step[]): Promise<string> {
  const fields = { title: `Task ${key}`, description: scriptText(key, steps) };
  const { id } = (await other.call<TaskView>("POST", "/api/tasks", fields)).body;
  const { status } = await other.call("POST", `/api/tasks/${id}/dispatch`, { agentId });
  assert.equal(status, 200);
  return id;
}

/** That the other node saw a task's run through, and the model was asked once for each step. */
async function assertFinished(taskId: string, key: string, steps: number, words: string): Promise<void> {
  const done = await other.reached(taskId, "completed");
  assert.equal(done.summary, words);
  assert.deepEqual(
    done.attempts.map(({ state }) => state),
    ["completed"],
  );
  assert.equal(model.turnsStarted(key), 1, "one run");
  for (let step = 0; step < steps; step++) assert.equal(model.timesTaken(key, step), 1, `step ${step}`);
  const ends = other.events.filter(
    ({ taskId: about, type, data }) =>
      about === taskId && type === "status_change" && data.to === "completed",
  );
  assert.equal(ends.length, 1);
}

test("when the node that is connected to a gateway hangs in the middle of a run, another finishes it, and it comes back to nothing", async () => {
  const steps: Step[] = [
    { exec: "echo first" },
    { hold: "hangs" },
    { exec: "echo second" },
    { say: "Both." },
  ];
  const id = await dispatch("hangs", steps);
  await model.held("hangs");
  owner.signal("SIGSTOP");
  const stopped = performance.now();
  const known = other.events.at(-1)?.id ?? 0;
  await other.gatewayState("connected", known);
  const took = performance.now() - stopped;
  model.release("hangs");
  await assertFinished(id, "hangs", 4, "Both.");
  owner.signal("SIGCONT");
  // Where it goes on, it does nothing more of it; what comes next is the other's.
  const next = await dispatch("after", [{ say: "Next." }]);
  await assertFinished(next, "after", 1, "Next.");
  assert.equal((await owner.task(id)).status, "completed");
  assert.equal(model.turnsStarted("hangs"), 1);
  assert.ok(took < 20_000, `it took ${Math.round(took)} ms`);
  [owner, other] = [other, owner];
});

test("when the node that is connected to a gateway is killed in the middle of a run, another finishes it: one run", async () => {
  const steps: Step[] = [
    { exec: "echo first" },
    { hold: "killed" },
    { exec: "echo second" },
    { say: "Both." },
  ];
  const id = await dispatch("killed", steps);
  await model.held("killed");
  await owner.kill();
  const known = other.events.at(-1)?.id ?? 0;
  await other.gatewayState("connected", known);
  model.release("killed");
  await assertFinished(id, "killed", 4, "Both.");
});
