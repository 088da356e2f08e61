import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type {
  AgentView,
  LogEvent,
  MessageView,
  PermissionRequest,
  TaskView,
} from "@mission-control/protocol";
import { CuttingProxy } from "./cutting-proxy.ts";
import { GatewayProcess } from "./gateway-process.ts";
import { PNG } from "./images.ts";
import { installCommand, ServerProcess } from "./server-process.ts";
import { type Step, StubModel, scriptText } from "./stub-model.ts";

const model = new StubModel();
let gateway: GatewayProcess;
let proxy: CuttingProxy;
let server: ServerProcess;
let agentId: string;

before(async () => {
  const tools = { toolSearch: false, exec: { mode: "ask" } };
  gateway = await GatewayProcess.start(await model.listen(), { tools });
  installCommand(gateway.commandFolder);
  proxy = await CuttingProxy.listen(gateway.port);
  const settings = { MISSION_CONTROL_OPENCLAW_APPROVALS: "true" };
  server = await ServerProcess.start({ url: proxy.url, token: gateway.token }, settings);
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

/** Dispatches a task whose agent follows these steps. */
async function dispatch(key: string, steps: Step[]): Promise<TaskView> {
  const fields = { title: `Task ${key}`, description: scriptText(key, steps) };
  const { id } = (await server.call<TaskView>("POST", "/api/tasks", fields)).body;
  const { status } = await server.call("POST", `/api/tasks/${id}/dispatch`, { agentId });
  assert.equal(status, 200);
  return server.task(id);
}

/** Resolves with the first thing that a task asks whose title matches. */
async function asked(task: TaskView, title: RegExp): Promise<PermissionRequest> {
  const isIt = ({ type, data, message }: LogEvent) =>
    type === "permission" && data.state === "requested" && title.test(message ?? "");
  return (await server.event(task.id, isIt)).data.request as unknown as PermissionRequest;
}

/** Answers by the API, and resolves when the gateway has it. */
async function answer(task: TaskView, { id }: PermissionRequest, body: object): Promise<void> {
  const path = `/api/tasks/${task.id}/permissions/${encodeURIComponent(id)}`;
  const { status, body: answered } = await server.call("POST", path, body);
  assert.equal(status, 200, JSON.stringify(answered));
  const isDelivered = ({ type, data }: LogEvent) =>
    type === "permission" && data.requestId === id && data.state === "delivered";
  await server.event(task.id, isDelivered);
}

/** Every event of a task about one message, as states. */
function statesOf(task: TaskView, { id }: MessageView): unknown[] {
  return server.events.flatMap(({ taskId, type, data }) =>
    taskId === task.id && type === "message" && data.messageId === id ? [data.state] : [],
  );
}

test("a question and commands that are answered by the API let the run go on, to its own complete", async () => {
  const file = join(gateway.folder, "allowed");
  const refused = join(gateway.folder, "refused");
  const where = {
    id: "where",
    header: "Deploy",
    question: "Where to deploy it?",
    options: [{ label: "Staging" }, { label: "Production" }],
  };
  const task = await dispatch("answered", [
    { tool: "ask_user", input: { questions: [where] } },
    { exec: `touch ${file}` },
    { exec: `touch ${refused}` },
    { exec: '{{ENV}} mission-control report complete "Deployed."' },
    { say: "Reported." },
  ]);
  const question = await asked(task, /Where to deploy it/);
  assert.equal((await server.task(task.id)).waitingFor?.id, question.id);
  await answer(task, question, { optionId: "answer", values: { where: "Production" } });
  await model.told("Production");

  await answer(task, await asked(task, /allowed$/), { optionId: "allow-once" });
  await answer(task, await asked(task, /refused$/), { optionId: "deny" });
  await answer(task, await asked(task, /report complete/), { optionId: "allow-once" });
  const done = await server.reached(task.id, "completed");
  assert.deepEqual([done.summary, done.waitingFor], ["Deployed.", undefined]);
  assert.deepEqual([existsSync(file), existsSync(refused)], [true, false]);
  assert.equal(model.turnsStarted("answered"), 1, "one run, from the dispatch to its end");
  const again = await server.call("POST", `/api/tasks/${task.id}/permissions/${question.id}`, {
    optionId: "answer",
    values: { where: "Staging" },
  });
  assert.equal(again.status, 409);
  assert.doesNotMatch(JSON.stringify(server.events), /whsec_/);
});

test("a message with a file runs once when the server is killed before its gateway has it", async () => {
  const task = await dispatch("killed", [{ hold: "killed" }, { say: "Looked." }]);
  await model.held("killed");
  const last = server.events.at(-1)?.id ?? 0;
  proxy.block();
  await server.gatewayState("disconnected", last);
  const attachments = [{ name: "screen.png", mediaType: "image/png", content: PNG }];
  const path = `/api/tasks/${task.id}/messages`;
  const said = { text: "SEE-THIS", attachments };
  const { status, body: message } = await server.call<MessageView>("POST", path, said);
  assert.deepEqual([status, message.state], [202, "sending"]);
  await server.kill();
  await server.start();
  const { items } = (await server.call<{ items: MessageView[] }>("GET", path)).body;
  assert.equal(items[0]?.state, "sending");
  proxy.open();
  await server.event(task.id, ({ data }) => data.messageId === message.id && data.state === "delivered");
  model.release("killed");
  await model.told("SEE-THIS");
  await model.told(PNG);
  const done = await server.reached(task.id, "completed");
  assert.match(done.summary ?? "", /Looked\./);
  assert.deepEqual(statesOf(task, message), ["sending", "delivered", "taken_up"]);
  assert.equal(model.timesTaken("killed", 1), 2, "one turn for the task, one for the message");
});
