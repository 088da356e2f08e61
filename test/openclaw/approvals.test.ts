import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { DeviceIdentity } from "../../packages/server/src/gateways/openclaw/device-identity.ts";
import type { EventFrame } from "../../packages/server/src/gateways/openclaw/frames.ts";
import { AdapterProbe, payload, target } from "./adapter-probe.ts";
import { GatewayProcess } from "./gateway-process.ts";
import { OperatorClient, type OperatorOptions } from "./operator-client.ts";
import { StubModel, scriptText } from "./stub-model.ts";

const READ_WRITE = ["operator.read", "operator.write"];
const APPROVALS = [...READ_WRITE, "operator.approvals"];

const model = new StubModel();
const folder = mkdtempSync(join(tmpdir(), "mission-control-approvals-"));
let gateway: GatewayProcess;
const opened: OperatorClient[] = [];

before(async () => {
  gateway = await GatewayProcess.start(await model.listen(), { tools: { exec: { mode: "ask" } } });
});

afterEach(() => {
  for (const client of opened.splice(0)) client.close();
});

after(async () => {
  await gateway?.close();
  await model.close();
  rmSync(folder, { recursive: true });
});

async function operator(options: Pick<OperatorOptions, "scopes" | "caps" | "identity">) {
  const client = await OperatorClient.connect({ url: gateway.url, token: gateway.token, ...options });
  opened.push(client);
  return client;
}

const isRequested = ({ event }: EventFrame) => event === "exec.approval.requested";
const fileOf = (key: string) => join(folder, key);
const steps = (key: string) => [{ exec: `touch ${fileOf(key)}` }, { say: "Done." }];

test("a command that has to be approved reaches a reviewer on the gateway, and runs once it was", async () => {
  const reviewer = await operator({ scopes: [...APPROVALS, "operator.admin"], caps: ["exec-approvals"] });
  const probe = new AdapterProbe({ url: gateway.url, token: gateway.token });
  try {
    const sent = payload("approved", steps("approved"));
    await probe.handOver(sent);
    const { payload: asked } = await reviewer.event(isRequested);
    assert.equal(existsSync(fileOf("approved")), false, "it waits");
    await reviewer.request("exec.approval.resolve", { id: String(asked.id), decision: "allow-once" });
    const end = await probe.end(sent.dispatchId);
    assert.equal(end.kind === "ended" && end.text, "Done.");
    assert.ok(existsSync(fileOf("approved")));
  } finally {
    await probe.close();
  }
});

test("a command that has to be approved is a question here, and runs as it was answered here", async () => {
  const probe = new AdapterProbe({ url: gateway.url, token: gateway.token, answersApprovals: true });
  try {
    const sent = payload("here", [
      { exec: `touch ${fileOf("here")}` },
      { exec: `touch ${fileOf("not-here")}` },
      { say: "Done." },
    ]);
    await probe.handOver(sent);
    const answers = ["allow-once", "deny"];
    const asked = new Set<string>();
    for (const optionId of answers) {
      const event = await probe.event((one) => one.kind === "question_asked" && !asked.has(one.request.id));
      const request = event.kind === "question_asked" ? event.request : assert.fail();
      asked.add(request.id);
      assert.match(request.title, /^touch /);
      assert.ok(request.options.some((option) => option.optionId === optionId));
      const answer = { requestId: request.id, optionId };
      await probe.adapter.answerPermission(target(), sent, answer, probe.context(sent.dispatchId));
      // As after a crash before that was written.
      await probe.adapter.answerPermission(target(), sent, answer, probe.context(sent.dispatchId));
    }
    const end = await probe.end(sent.dispatchId);
    assert.equal(end.kind === "ended" && end.text, "Done.");
    assert.deepEqual([existsSync(fileOf("here")), existsSync(fileOf("not-here"))], [true, false]);
    assert.equal(probe.events.filter(({ kind }) => kind === "question_settled").length, 2);
  } finally {
    await probe.close();
  }
});

test("without a reviewer such a command is refused at once, and the activity says why", async () => {
  const probe = new AdapterProbe({ url: gateway.url, token: gateway.token });
  try {
    const sent = payload("alone", steps("alone"));
    await probe.handOver(sent);
    await probe.end(sent.dispatchId);
    const failed = probe.messages(sent.dispatchId).find((message) => message.startsWith("exec failed"));
    assert.match(failed ?? "", /cannot wait for interactive exec approval/);
    assert.doesNotMatch(failed ?? "", /missing scope/);
    assert.equal(existsSync(fileOf("alone")), false);
  } finally {
    await probe.close();
  }
});

// Which clients a gateway asks about a turn's command. The guide's table is made of this.
for (const { begunBy, by, asks } of [
  { begunBy: "agent", by: "approvals, cap", asks: false },
  { begunBy: "agent", by: "approvals, cap, device", asks: false },
  { begunBy: "agent", by: "admin", asks: false },
  { begunBy: "agent", by: "admin, cap", asks: true },
  { begunBy: "chat.send", by: "approvals, cap", asks: false },
  { begunBy: "chat.send", by: "approvals, device", asks: false },
  { begunBy: "chat.send", by: "approvals, cap, device", asks: true },
  { begunBy: "chat.send", by: "admin, cap", asks: true },
]) {
  test(`a turn begun by ${begunBy} from a client with ${by} ${asks ? "asks" : "does not ask"} that client`, async () => {
    const has = (part: string) => by.split(", ").includes(part);
    const key = `${begunBy}-${by}`.replace(/\W+/g, "-");
    const client = await operator({
      scopes: has("admin") ? [...APPROVALS, "operator.admin"] : APPROVALS,
      caps: ["tool-events", ...(has("cap") ? ["exec-approvals"] : [])],
      ...(has("device") && { identity: DeviceIdentity.open(mkdtempSync(join(folder, "identity-"))) }),
    });
    const message = scriptText(key, steps(key));
    const sessionKey = `agent:coder:approvals:${key}`.toLowerCase();
    const turn = { message, sessionKey, idempotencyKey: key, deliver: false };
    await client.request(begunBy, begunBy === "agent" ? { ...turn, agentId: "coder" } : turn);
    const isDenied = ({ event, payload: { runId, stream, data } }: EventFrame) =>
      event === "agent" &&
      runId === key &&
      stream === "tool" &&
      (data as { isError?: boolean }).isError === true;
    const first = await client.event((event) => isRequested(event) || isDenied(event));
    assert.equal(isRequested(first), asks);
    if (asks)
      await client.request("exec.approval.resolve", { id: String(first.payload.id), decision: "deny" });
    await model.taken(key, 1);
  });
}
