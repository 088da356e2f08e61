import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import type { DispatchPayload, JsonObject } from "@mission-control/protocol";
import { FakeOpenClawGateway } from "../../../test/support/fake-openclaw-gateway.ts";
import type { AgentTarget, RunEvent, SendContext } from "../gateway.ts";
import { OpenClawGateway, type OpenClawGatewayOptions } from "./openclaw-gateway.ts";

const target: AgentTarget = { agentId: "agent_1", endpoint: { kind: "openclaw", agentId: "coder" } };
const payload: DispatchPayload = {
  version: 1,
  dispatchId: "d1",
  attempt: 1,
  task: {
    id: "t1",
    title: "Title",
    description: "",
    priority: "normal",
    tags: [],
    context: {},
    feedback: null,
  },
  agent: { id: "agent_1", name: "Coder", capabilities: [] },
  callback: {
    url: "http://127.0.0.1:1/cb",
    secret: "whsec_c2VjcmV0LW9mLXRoaXMtdGVzdC1hbG9uZSEh",
    scheme: "standard-webhooks",
  },
  dispatchedAt: "2026-11-23T10:00:00.000Z",
};
const SESSION = "agent:coder:mission-control:t1";
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

let fake: FakeOpenClawGateway;
let identityDir: string;
let adapter: OpenClawGateway;
let events: RunEvent[];
let notes: JsonObject[];
let wake: PromiseWithResolvers<void>;

beforeEach(async () => {
  fake = await FakeOpenClawGateway.listen();
  identityDir = mkdtempSync(join(tmpdir(), "openclaw-gateway-test-"));
  events = [];
  notes = [];
  wake = Promise.withResolvers();
});

afterEach(async () => {
  await adapter?.close();
  await fake.close();
  rmSync(identityDir, { recursive: true });
});

function start(options: Partial<OpenClawGatewayOptions> = {}): OpenClawGateway {
  const changed = () => {
    wake.resolve();
    wake = Promise.withResolvers();
  };
  adapter = new OpenClawGateway({
    id: "gw",
    url: fake.url,
    token: "shared",
    identityDir,
    logger: quiet,
    listener: {
      onRunEvent: (event) => {
        events.push(event);
        changed();
      },
      onStatusChange: changed,
    },
    backoff: { firstMs: 1, longestMs: 5 },
    ...options,
    times: { pollMs: 1, handOverMs: 5000, ...options.times },
  });
  adapter.start();
  return adapter;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await wake.promise;
}

function context(signal = new AbortController().signal): SendContext {
  return { remember: async (note) => void notes.push(note), signal };
}

/** A gateway that keeps no trace of the run. */
function withoutTrace(): void {
  fake.on("tasks.list", ({ answer }) => answer({ tasks: [] }));
  fake.on("chat.history", ({ answer }) => answer({ messages: [] }));
}

test("a gateway that goes silent is left and connected to again", async () => {
  fake.tickIntervalMs = 20;
  start();
  await fake.request("connect", 1);
  await until(() => adapter.state().lastError === "The gateway went silent.");
  await fake.request("connect", 2);
});

test("ticks keep the connection, and each measures the round trip", async () => {
  start();
  await until(() => adapter.state().state === "connected");
  fake.tell("tick", {});
  fake.on("agents.list", ({ answer }) => answer({ agents: [] }));
  await adapter.agents(new AbortController().signal);
  assert.equal(typeof adapter.state().latencyMs, "number");
  assert.equal(fake.count("connect"), 1);
});

test("a dispatch is noted down before it is sent, and its end is told once", async () => {
  fake.on("agent", ({ answer }) => {
    assert.deepEqual(notes, [{ runId: "d1", bootId: "boot-1" }]);
    answer({ runId: "d1", status: "accepted" });
  });
  start();
  assert.deepEqual(await adapter.dispatch(target, payload, context()), { kind: "accepted" });
  const { params } = await fake.request("agent");
  assert.equal(params.idempotencyKey, "d1");
  assert.equal(params.sessionKey, SESSION);
  const waiting = await fake.request("agent.wait");
  const event = (stream: string, data: JsonObject) =>
    fake.tell("agent", { runId: "d1", sessionKey: SESSION, stream, data });
  event("tool", {
    phase: "start",
    name: "exec",
    args: { command: "echo whsec_c2VjcmV0LW9mLXRoaXMtdGVzdC1hbG9uZSEh" },
  });
  await until(() => events.length === 1);
  waiting.answer({
    status: "ok",
    terminalReply: { text: "Done with whsec_c2VjcmV0LW9mLXRoaXMtdGVzdC1hbG9uZSEh" },
  });
  await until(() => events.length === 2);
  event("lifecycle", { phase: "error", error: "This operation was aborted" });
  assert.deepEqual(
    events.map((seen) => (seen.kind === "activity" ? seen.message : seen.kind === "ended" && seen.text)),
    ["exec: echo [secret]", "Done with [secret]"],
  );
});

test("nothing is sent when it could not be noted down", async () => {
  start();
  const failing = { ...context(), remember: () => Promise.reject(new Error("disk full")) };
  await assert.rejects(adapter.dispatch(target, payload, failing), /disk full/);
  assert.equal(fake.count("agent"), 0);
});

test("a busy gateway is asked again after the time it names; a refusal is final", async () => {
  fake.on("agent", ({ answer, refuse }) => {
    const busy = { code: "UNAVAILABLE", message: "starting", retryable: true, retryAfterMs: 5 };
    if (fake.count("agent") < 3) refuse(busy);
    else if (fake.count("agent") === 3) answer({ status: "accepted" });
    else refuse({ code: "INVALID_REQUEST", message: 'unknown agent id "coder"' });
  });
  start();
  assert.deepEqual(await adapter.dispatch(target, payload, context()), { kind: "accepted" });
  assert.equal(fake.count("tasks.list"), 0, "a refusal says that nothing ran: there is nothing to look up");
  const other = { ...payload, dispatchId: "d2" };
  const outcome = await adapter.dispatch(target, other, context());
  assert.deepEqual(outcome, {
    kind: "rejected",
    reason: 'The gateway refused the task: unknown agent id "coder" (INVALID_REQUEST).',
  });
});

test("a gateway that is busy for too long, or not there, is unreachable in words", async () => {
  fake.on("agent", ({ refuse }) => refuse({ code: "UNAVAILABLE", message: "starting", retryable: true }));
  start({ times: { handOverMs: 50 } });
  assert.deepEqual(await adapter.dispatch(target, payload, context()), {
    kind: "unreachable",
    reason: "The gateway is busy: starting.",
  });
  await adapter.close();
  start({ url: "ws://127.0.0.1:1", times: { handOverMs: 50 } });
  const outcome = await adapter.dispatch(target, payload, context());
  assert.match(outcome.kind === "unreachable" ? outcome.reason : "", /nothing listens there/);
});

test("an answer that does not come is looked up, and sent again only where no trace is", async () => {
  withoutTrace();
  fake.on("agent", ({ answer }) => {
    if (fake.count("agent") > 1) answer({ runId: "d1", status: "in_flight" });
  });
  start({ requestTimeoutMs: 100 });
  assert.deepEqual(await adapter.dispatch(target, payload, context()), { kind: "accepted" });
  const methods = fake.requests.map(({ method }) => method).filter((method) => method !== "connect");
  assert.deepEqual(methods.slice(0, 4), ["agent", "tasks.list", "chat.history", "agent"]);
  const [first, second] = fake.requests.filter(({ method }) => method === "agent");
  assert.equal(second?.params.idempotencyKey, first?.params.idempotencyKey);
});

test("what has left a trace is not sent again", async () => {
  fake.on("tasks.list", ({ answer }) => answer({ tasks: [{ runId: "d1", status: "running" }] }));
  fake.on("agent", () => fake.cut());
  start();
  assert.deepEqual(await adapter.dispatch(target, payload, context()), { kind: "accepted" });
  assert.equal(fake.count("agent"), 1);
});

test("a gateway without records that restarted before it confirmed is a loss, not a second run", async () => {
  const refuse = ({ refuse }: { refuse(error: JsonObject): void }) =>
    refuse({ code: "FORBIDDEN", message: "unknown method" });
  fake.on("tasks.list", refuse);
  fake.on("chat.history", refuse);
  fake.on("agent", () => {
    fake.bootId = "boot-2";
    fake.cut();
  });
  start();
  const outcome = await adapter.dispatch(target, payload, context());
  assert.match(outcome.kind === "lost" ? outcome.reason : "", /cannot tell whether it ran/);
  assert.equal(fake.count("agent"), 1);
});

test("a sent dispatch whose gateway never comes back is a loss", async () => {
  fake.on("agent", () => void fake.close());
  start({ times: { unansweredMs: 50 } });
  const outcome = await adapter.dispatch(target, payload, context());
  assert.match(outcome.kind === "lost" ? outcome.reason : "", /could not be asked whether it arrived/);
  fake = await FakeOpenClawGateway.listen();
});

test("events that were dropped make the run be looked after", async () => {
  fake.on("agent", ({ answer }) => answer({ status: "accepted" }));
  start();
  await adapter.dispatch(target, payload, context());
  await fake.request("agent.wait");
  fake.on("agent.wait", ({ answer }) => answer({ status: "ok", terminalReply: { text: "Seen late" } }));
  fake.tell("health", {}, 7);
  fake.tell("health", {}, 8);
  assert.equal(fake.count("agent.wait"), 1);
  fake.tell("health", {}, 10);
  await until(() => events.length === 1);
  assert.equal(events[0]?.kind === "ended" && events[0].text, "Seen late");
});

test("a run its gateway was interrupted in and does not take up is a loss after a while", async () => {
  fake.on("agent", ({ answer }) => answer({ status: "accepted" }));
  fake.on("tasks.list", ({ answer }) => answer({ tasks: [{ runId: "d1", status: "cancelled" }] }));
  fake.on("chat.history", ({ answer }) => answer({ sessionInfo: { status: "running" } }));
  start({ times: { recoveryMs: 20 } });
  await adapter.dispatch(target, payload, context());
  await fake.request("agent.wait");
  fake.bootId = "boot-2";
  fake.cut();
  await until(() => events.length === 1);
  assert.equal(events[0]?.kind, "lost");
  assert.equal(fake.count("agent"), 1);
});

test("a turn under a later id that was noted down and perhaps not sent is sent after a restart", async () => {
  withoutTrace();
  fake.on("agent", ({ answer }) => answer({ status: "accepted" }));
  start();
  const earlier = { accepted: true, note: { runId: "d1.2", bootId: "boot-1" } };
  assert.deepEqual(await adapter.resume(target, payload, earlier, context()), { kind: "accepted" });
  assert.equal((await fake.request("agent")).params.idempotencyKey, "d1.2");
});

test("an accepted run is never sent again, also where its gateway has forgotten it", async () => {
  withoutTrace();
  fake.on("agent.wait", ({ answer }) => answer({ status: "timeout" }));
  start();
  const earlier = { accepted: true, note: { runId: "d1", bootId: "boot-1" } };
  assert.deepEqual(await adapter.resume(target, payload, earlier, context()), { kind: "accepted" });
  await until(() => events.length === 1);
  assert.equal(events[0]?.kind, "lost");
  assert.equal(fake.count("agent"), 0);
});

test("a connection that is lost while a gap is looked after is no fault", async () => {
  fake.on("agent", ({ answer }) => answer({ status: "accepted" }));
  start();
  await adapter.dispatch(target, payload, context());
  await fake.request("agent.wait");
  fake.tell("health", {}, 1);
  fake.tell("health", {}, 3);
  await fake.request("agent.wait", 2);
  withoutTrace();
  fake.cut();
  const third = await fake.request("agent.wait", 3);
  third.answer({ status: "ok", terminalReply: { text: "Fine" } });
  await until(() => events.length === 1);
  assert.equal(events[0]?.kind === "ended" && events[0].text, "Fine");
});

test("a cancel waits for the dispatch's own answer, and names the run", async () => {
  start();
  const cancelled = new AbortController();
  const outcome = adapter.dispatch(target, payload, context(cancelled.signal));
  const sent = await fake.request("agent");
  cancelled.abort(new Error("cancelled"));
  await assert.rejects(outcome, /cancelled/);
  const order: string[] = [];
  fake.on("chat.abort", ({ answer, params }) => {
    order.push("abort");
    assert.deepEqual(params, { sessionKey: SESSION, runId: "d1" });
    answer({ aborted: true });
  });
  const cancel = adapter.cancel(target, { dispatchId: "d1", taskId: "t1" }, new AbortController().signal);
  order.push("answered");
  sent.answer({ status: "accepted" });
  await cancel;
  assert.deepEqual(order, ["answered", "abort"]);
});

test("a cancelled dispatch that waits for its gateway is never sent", async () => {
  const port = await freePort();
  start({ url: `ws://127.0.0.1:${port}` });
  const cancelled = new AbortController();
  const outcome = adapter.dispatch(target, payload, context(cancelled.signal));
  cancelled.abort(new Error("cancelled"));
  await assert.rejects(outcome, /cancelled/);
  assert.deepEqual(notes, []);
});

test("a run of an earlier process is stopped under the id it goes on with, and no later attempt", async () => {
  const recovery = "f4ccf185-9ffe-41a4-99a3-77464de22cdb";
  let tasks: JsonObject[] = [
    { runId: recovery, status: "running", createdAt: 2 },
    { runId: "d1", status: "cancelled", createdAt: 1 },
  ];
  fake.on("tasks.list", ({ answer }) => answer({ tasks }));
  fake.on("chat.history", ({ answer }) => answer({ sessionInfo: { status: "running" } }));
  const stopped: unknown[] = [];
  fake.on("chat.abort", ({ answer, params }) => {
    stopped.push(params.runId);
    answer({ aborted: true });
  });
  start();
  const ref = { dispatchId: "d1", taskId: "t1" };
  await adapter.cancel(target, ref, new AbortController().signal);
  assert.deepEqual(stopped, [recovery]);
  tasks = [{ runId: "d2", status: "running", createdAt: 3 }, ...tasks.slice(1)];
  await adapter.cancel(target, ref, new AbortController().signal);
  assert.deepEqual(stopped, [recovery, "d1"]);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}
