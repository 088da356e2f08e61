import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { AgentView, TaskView } from "@mission-control/protocol";
import { GatewayProcess } from "./gateway-process.ts";
import { ServerProcess } from "./server-process.ts";
import { type Move, movesText, ToolCallingModel } from "./tool-calling-model.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const plugin = join(root, "packages/openclaw-plugin");
const permission = "plugins.entries.mission-control.hooks.allowConversationAccess";
const isOurs = ({ function: { name } }: { function: { name: string } }) =>
  name.startsWith("mission_control_");
const model = new ToolCallingModel();
let gateway: GatewayProcess;
let server: ServerProcess;
let agentId: string;

before(async () => {
  gateway = await GatewayProcess.start(await model.listen());
  server = await ServerProcess.start({ url: gateway.url, token: gateway.token });
  const agent = { name: "Coder", concurrency: 4, endpoint: { kind: "openclaw", agentId: "coder" } };
  agentId = (await server.call<AgentView>("POST", "/api/agents", agent)).body.id;
  await server.gatewayState("connected");
});

after(async () => {
  await server?.close();
  await gateway?.close();
  await model.close();
});

async function dispatch(title: string, moves: Move[]): Promise<string> {
  const created = await server.call<TaskView>("POST", "/api/tasks", { title, description: movesText(moves) });
  const answer = await server.call("POST", `/api/tasks/${created.body.id}/dispatch`, { agentId });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return created.body.id;
}

test("the plugin is valid and installs in a running gateway", async () => {
  execFileSync("npm", ["run", "build"], { cwd: plugin, stdio: "ignore" });
  assert.match(await gateway.command("plugins", "validate", "--root", plugin), /is valid/);
  const installed = await gateway.command("plugins", "install", "--link", plugin, "--force");
  assert.match(installed, /Applied in Gateway/);
  await gateway.command("config", "set", permission, "true");
  await gateway.command("plugins", "reload", "mission-control");
});

test("an agent reports progress and completion with native tools, and the secret stays where it was", async () => {
  const id = await dispatch("Native tools", [
    { tool: "mission_control_progress", parameters: { message: "Looking around", progress: 0.2 } },
    { tool: "mission_control_complete", parameters: { summary: "It is done.", data: { files: 2 } } },
    { say: "Reported." },
  ]);
  const done = await server.reached(id, "completed");
  assert.equal(done.summary, "It is done.", gateway.output.slice(-20).join("\n"));
  const told = server.events.filter(({ taskId, data }) => taskId === id && data.source !== "gateway");
  const progress = told.find(({ type }) => type === "activity");
  assert.deepEqual([progress?.message, progress?.progress], ["Looking around", 0.2]);
  assert.deepEqual(told.find(({ type }) => type === "complete")?.data.files, 2);
  const offered = model.requests.find(({ tools }) => tools?.some(isOurs));
  assert.equal(offered?.tools?.filter(isOurs).length, 4, "the tools are in front of the model");
  for (const text of [...gateway.output, JSON.stringify(server.events)]) assert.doesNotMatch(text, /whsec_/);
});

test("an agent fails its task with a native tool", async () => {
  const id = await dispatch("Cannot be done", [
    {
      tool: "mission_control_fail",
      parameters: { error: "There is no such file.", lastState: "looked for it" },
    },
    { say: "Sorry." },
  ]);
  const failed = await server.reached(id, "failed");
  assert.deepEqual([failed.error, failed.lastState], ["There is no such file.", "looked for it"]);
});

test("an agent asks the operator and ends its turn; the answer is its next one, and the tools report there", async () => {
  const question = { question: "May I delete build/?", options: ["Allow", "Deny"] };
  const id = await dispatch("Asks", [
    { tool: "mission_control_ask", parameters: question },
    { say: "I wait for the answer." },
  ]);
  const asked = await server.event(
    id,
    ({ type, data }) => type === "permission" && data.state === "requested",
  );
  await server.event(id, ({ data }) => data.runOutcome === "completed");
  const waiting = await server.task(id);
  assert.deepEqual([waiting.status, waiting.waitingFor?.title], ["in_progress", question.question]);
  const { request } = asked.data as { request: { id: string } };
  model.nextTurn([
    { tool: "mission_control_complete", parameters: { summary: "Deleted, as allowed." } },
    { say: "Done." },
  ]);
  const answer = await server.call("POST", `/api/tasks/${id}/permissions/${request.id}`, {
    optionId: "Allow",
  });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const done = await server.reached(id, "completed");
  assert.equal(done.summary, "Deleted, as allowed.", gateway.output.slice(-20).join("\n"));
  const told = JSON.stringify(model.requests.at(-1)?.messages);
  assert.match(told, /The operator answered the permission request .*: Allow/);
});
