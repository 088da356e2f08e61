import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { AgentView, LogEvent, TaskView, TranscriptPage } from "@mission-control/protocol";
import { sessionKeyOf } from "../../packages/server/src/gateways/openclaw/run-key.ts";
import { CuttingProxy } from "./cutting-proxy.ts";
import { GatewayProcess } from "./gateway-process.ts";
import { installCommand, ServerProcess } from "./server-process.ts";
import { type Step, StubModel, scriptText } from "./stub-model.ts";

const model = new StubModel();
let gateway: GatewayProcess;
let proxy: CuttingProxy;
let server: ServerProcess;
let agentId: string;

before(async () => {
  gateway = await GatewayProcess.start(await model.listen());
  installCommand(gateway.commandFolder);
  proxy = await CuttingProxy.listen(gateway.port);
  server = await ServerProcess.start({ url: proxy.url, token: gateway.token });
  const agent = { name: "Coder", concurrency: 4, endpoint: { kind: "openclaw", agentId: "coder" } };
  agentId = (await server.call<AgentView>("POST", "/api/agents", agent)).body.id;
  await server.gatewayState("connected");
});

after(async () => {
  await server?.close();
  await proxy?.close();
  await gateway?.close();
  await model.close();
});

const progress = (message: string, fraction: number): Step => ({
  exec: `{{ENV}} mission-control report progress "${message}" --progress ${fraction}`,
});
const complete = (summary: string): Step => ({
  exec: `{{ENV}} mission-control report complete "${summary}"`,
});

/** Creates a task whose agent follows these steps, and dispatches it. */
async function dispatch(key: string, steps: Step[]): Promise<{ task: TaskView; status: number }> {
  const fields = { title: `Task ${key}`, description: scriptText(key, steps) };
  const created = await server.call<TaskView>("POST", "/api/tasks", fields);
  const { status } = await server.call<TaskView>("POST", `/api/tasks/${created.body.id}/dispatch`, {
    agentId,
  });
  return { task: await server.task(created.body.id), status };
}

function told(taskId: string): LogEvent[] {
  return server.events.filter((event) => event.taskId === taskId);
}

/** The states a task went through, as the stream told them. */
function states(taskId: string): unknown[] {
  return told(taskId).flatMap(({ type, data }) => (type === "status_change" ? [data.to] : []));
}

test("an agent's turn reports progress and completion, and the stream tells it all in order", async () => {
  const steps = [
    progress("Looking around", 0.2),
    progress("Half way", 0.5),
    complete("It is done."),
    { say: "Reported." },
  ];
  const { task, status } = await dispatch("reports", steps);
  assert.deepEqual([status, task.status], [200, "in_progress"]);
  const done = await server.reached(task.id, "completed");
  assert.equal(done.summary, "It is done.");
  assert.equal(done.attempts[0]?.state, "completed");
  const reported = told(task.id).flatMap(({ type, message, progress: fraction, data }) =>
    type === "activity" && data.source !== "gateway" ? [[message, fraction]] : [],
  );
  assert.deepEqual(reported, [
    ["Looking around", 0.2],
    ["Half way", 0.5],
  ]);
  assert.deepEqual(states(task.id).slice(-2), ["in_progress", "completed"]);
  const seen = told(task.id).flatMap(({ message, data }) => (data.source === "gateway" ? [message] : []));
  assert.ok(
    seen.includes('exec: mission-control report progress "Half way" --progress 0.5'),
    seen.join("\n"),
  );
  assert.equal(model.turnsStarted("reports"), 1);
});

test("what a turn said and did is the task's transcript, with inputs, outputs and last words", async () => {
  const steps: Step[] = [
    { exec: "echo one; exit 2", saying: "First a look." },
    { exec: "seq 1 20000" },
    { say: "Nothing to do." },
  ];
  const { task } = await dispatch("transcript", steps);
  await server.reached(task.id, "completed");
  const { body } = await server.call<TranscriptPage>("GET", `/api/tasks/${task.id}/transcript`);
  const told = body.items.map((entry) =>
    entry.kind === "tool"
      ? [entry.name, entry.input, entry.state, entry.exitCode]
      : "text" in entry && entry.text,
  );
  assert.deepEqual(told, [
    "First a look.",
    ["exec", { command: "echo one; exit 2" }, "failed", 2],
    ["exec", { command: "seq 1 20000" }, "completed", 0],
    "Nothing to do.",
  ]);
  const [, first, second] = body.items;
  assert.match(first?.kind === "tool" ? (first.output ?? "") : "", /^one\n/);
  // Of a long output the gateway itself tells the beginning.
  assert.match(second?.kind === "tool" ? (second.output ?? "") : "", /^1\n2\n/);
});

test("a failing turn fails the task with the gateway's reason", async () => {
  const { task } = await dispatch("fails", [{ fail: 400 }]);
  const failed = await server.reached(task.id, "failed");
  assert.match(failed.error ?? "", /LLM request failed/);
  assert.equal(failed.attempts[0]?.state, "failed");
});

test("a turn that never reports completes by the end of its run", async () => {
  const { task } = await dispatch("silent", [{ say: "I forgot to report." }]);
  const done = await server.reached(task.id, "completed");
  assert.match(done.summary ?? "", /I forgot to report\./);
});

test("an agent that the gateway does not have fails the task with a 502 that says so", async () => {
  const endpoint = { kind: "openclaw", agentId: "nobody" };
  const agent = await server.call<AgentView>("POST", "/api/agents", { name: "Nobody", endpoint });
  const created = await server.call<TaskView>("POST", "/api/tasks", { title: "For nobody" });
  const path = `/api/tasks/${created.body.id}/dispatch`;
  const refused = await server.call<{ detail: string }>("POST", path, { agentId: agent.body.id });
  assert.equal(refused.status, 502);
  assert.match(refused.body.detail, /unknown agent id "nobody"/);
  assert.equal((await server.task(created.body.id)).status, "failed");
});

test("a cancelled task stops its run", async () => {
  const { task } = await dispatch("cancelled", [{ hold: "cancelled" }, complete("Never.")]);
  await model.held("cancelled");
  await server.call("POST", `/api/tasks/${task.id}/cancel`);
  await server.reached(task.id, "cancelled");
  await gateway.idle(sessionKeyOf("coder", task.id));
  model.release("cancelled");
  assert.equal(model.timesTaken("cancelled", 1), 0);
  assert.deepEqual(states(task.id).at(-1), "cancelled");
});

test("a connection cut in the middle of a run is taken up again", async () => {
  const steps = [
    progress("Before", 0.3),
    { hold: "cut" },
    progress("After", 0.6),
    complete("Went on."),
    { say: "Yes." },
  ];
  const { task } = await dispatch("cut", steps);
  await model.held("cut");
  const last = server.events.at(-1)?.id ?? 0;
  proxy.cut();
  await server.gatewayState("connected", last);
  model.release("cut");
  assert.equal((await server.reached(task.id, "completed")).summary, "Went on.");
  assert.equal(model.turnsStarted("cut"), 1);
  assert.equal(model.timesTaken("cut", 2), 1);
});

test("a server killed in the middle of a run finds it again when it starts", async () => {
  const steps = [
    progress("Before", 0.3),
    { hold: "killed" },
    progress("After", 0.6),
    complete("Survived."),
    { say: "Yes." },
  ];
  const { task } = await dispatch("killed", steps);
  await model.held("killed");
  await server.kill();
  await server.start();
  model.release("killed");
  assert.equal((await server.reached(task.id, "completed")).summary, "Survived.");
  assert.equal(model.turnsStarted("killed"), 1);
  assert.equal(model.timesTaken("killed", 2), 1);
});

test("a run that ended while the server was down is told when it is back", async () => {
  const { task } = await dispatch("ended-away", [{ hold: "away" }, { say: "Ended while you were away." }]);
  await model.held("away");
  await server.kill();
  model.release("away");
  await gateway.idle(sessionKeyOf("coder", task.id));
  await server.start();
  assert.match((await server.reached(task.id, "completed")).summary ?? "", /while you were away/);
  assert.equal(model.turnsStarted("ended-away"), 1);
});

test("a gateway killed in the middle of a run goes on with it, and the task completes", async () => {
  const { task } = await dispatch("crashed", [
    progress("Before", 0.3),
    { hold: "crash" },
    { exec: "echo on" },
    { say: "After all." },
  ]);
  await model.held("crash");
  const last = server.events.at(-1)?.id ?? 0;
  await gateway.kill();
  await server.gatewayState("disconnected", last);
  model.release("crash");
  await gateway.start();
  const done = await server.reached(task.id, "completed");
  assert.match(done.summary ?? "", /After all\./);
  assert.equal(model.turnsStarted("crashed"), 1);
  assert.equal(done.attempts.length, 1);
});

test("server and gateway killed together leave one run", async () => {
  const { task } = await dispatch("both", [
    { exec: "echo before" },
    { hold: "both" },
    { exec: "echo after" },
    { say: "Both back." },
  ]);
  await model.held("both");
  await Promise.all([server.kill(), gateway.kill()]);
  model.release("both");
  await Promise.all([server.start(), gateway.start()]);
  assert.match((await server.reached(task.id, "completed")).summary ?? "", /Both back\./);
  assert.equal(model.turnsStarted("both"), 1);
});

test("a client that followed through it all has exactly the log, and no secret of it", async () => {
  const history: LogEvent[] = [];
  let before: string | null = "";
  while (before !== null) {
    const query: string = before ? `&before=${before}` : "";
    const path = `/api/events/history?limit=500${query}`;
    const page = await server.call<{ items: LogEvent[]; nextCursor: string | null }>("GET", path);
    history.push(...page.body.items);
    before = page.body.nextCursor;
  }
  history.sort((one, other) => one.id - other.id);
  const followed = server.events.filter(({ id }) => id <= (history.at(-1)?.id ?? 0));
  assert.deepEqual(followed, history);
  assert.doesNotMatch(JSON.stringify(history), /whsec_/);
  assert.doesNotMatch(server.output.join("\n"), /whsec_/);
});
