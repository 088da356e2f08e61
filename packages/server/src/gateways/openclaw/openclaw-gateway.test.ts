import assert from "node:assert/strict";
import { createServer } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import type { JsonObject } from "@mission-control/protocol";
import { FakeOpenClawGateway } from "../../../test/support/fake-openclaw-gateway.ts";
import { OpenClawFixture, payload, SESSION, target } from "../../../test/support/openclaw-fixture.ts";

let gateway: OpenClawFixture;
beforeEach(async () => {
  gateway = await OpenClawFixture.open();
});
afterEach(() => gateway.close());

/** A gateway that keeps no trace of the run. */
function withoutTrace(): void {
  gateway.fake.on("tasks.list", ({ answer }) => answer({ tasks: [] }));
  gateway.fake.on("chat.history", ({ answer }) => answer({ messages: [] }));
}

test("a gateway that goes silent is left and connected to again", async () => {
  gateway.fake.tickIntervalMs = 20;
  gateway.start();
  await gateway.fake.request("connect", 1);
  await gateway.until(() => gateway.adapter.state().lastError === "The gateway went silent.");
  await gateway.fake.request("connect", 2);
});

for (const told of [0, -1, 2 ** 31, 1e15]) {
  test(`a gateway that says it ticks every ${told} ms is not taken for silent at once`, async () => {
    gateway.fake.on("agents.list", ({ answer }) => answer({ agents: [] }));
    gateway.fake.tickIntervalMs = told;
    gateway.start();
    await gateway.until(() => gateway.adapter.state().state === "connected");
    // Longer than a timer takes that was given too much.
    await new Promise((resolve) => setTimeout(resolve, 20));
    await gateway.adapter.list(new AbortController().signal);
    assert.equal(gateway.fake.count("connect"), 1);
  });
}

test("ticks keep the connection, and each measures the round trip", async () => {
  gateway.start();
  await gateway.until(() => gateway.adapter.state().state === "connected");
  gateway.fake.tell("tick", {});
  gateway.fake.on("agents.list", ({ answer }) => answer({ agents: [] }));
  await gateway.adapter.list(new AbortController().signal);
  assert.equal(typeof gateway.adapter.state().latencyMs, "number");
  assert.equal(gateway.fake.count("connect"), 1);
});

test("a dispatch is noted down before it is sent, and its end is told once", async () => {
  gateway.fake.on("agent", ({ answer }) => {
    assert.deepEqual(gateway.notes, [{ runId: "d1", bootId: "boot-1" }]);
    answer({ runId: "d1", status: "accepted" });
  });
  gateway.start();
  assert.deepEqual(await gateway.adapter.dispatch(target, payload, gateway.context()), { kind: "accepted" });
  const { params } = await gateway.fake.request("agent");
  assert.equal(params.idempotencyKey, "d1");
  assert.equal(params.sessionKey, SESSION);
  const waiting = await gateway.fake.request("agent.wait");
  const event = (stream: string, data: JsonObject) =>
    gateway.fake.tell("agent", { runId: "d1", sessionKey: SESSION, stream, data });
  event("tool", {
    phase: "start",
    name: "exec",
    args: { command: "echo whsec_c2VjcmV0LW9mLXRoaXMtdGVzdC1hbG9uZSEh" },
  });
  await gateway.until(() => gateway.events.length === 1);
  waiting.answer({
    status: "ok",
    terminalReply: { text: "Done with whsec_c2VjcmV0LW9mLXRoaXMtdGVzdC1hbG9uZSEh" },
  });
  await gateway.until(() => gateway.events.length === 2);
  event("lifecycle", { phase: "error", error: "This operation was aborted" });
  assert.deepEqual(
    gateway.events.map((seen) =>
      seen.kind === "activity" ? seen.message : seen.kind === "ended" && seen.text,
    ),
    ["exec: echo [secret]", "Done with [secret]"],
  );
});

test("nothing is sent when it could not be noted down", async () => {
  gateway.start();
  const failing = { ...gateway.context(), remember: () => Promise.reject(new Error("disk full")) };
  await assert.rejects(gateway.adapter.dispatch(target, payload, failing), /disk full/);
  assert.equal(gateway.fake.count("agent"), 0);
});

test("a busy gateway is asked again after the time it names; a refusal is final", async () => {
  gateway.fake.on("agent", ({ answer, refuse }) => {
    const busy = { code: "UNAVAILABLE", message: "starting", retryable: true, retryAfterMs: 5 };
    if (gateway.fake.count("agent") < 3) refuse(busy);
    else if (gateway.fake.count("agent") === 3) answer({ status: "accepted" });
    else refuse({ code: "INVALID_REQUEST", message: 'unknown agent id "coder"' });
  });
  gateway.start();
  assert.deepEqual(await gateway.adapter.dispatch(target, payload, gateway.context()), { kind: "accepted" });
  assert.equal(
    gateway.fake.count("tasks.list"),
    0,
    "a refusal says that nothing ran: there is nothing to look up",
  );
  const other = { ...payload, dispatchId: "d2" };
  const outcome = await gateway.adapter.dispatch(target, other, gateway.context());
  assert.deepEqual(outcome, {
    kind: "rejected",
    reason: 'The gateway refused the task: unknown agent id "coder" (INVALID_REQUEST).',
  });
});

test("a gateway that is busy for too long, or not there, is unreachable in words", async () => {
  gateway.fake.on("agent", ({ refuse }) =>
    refuse({ code: "UNAVAILABLE", message: "starting", retryable: true }),
  );
  gateway.start({ times: { handOverMs: 50 } });
  await gateway.until(() => gateway.adapter.state().state === "connected");
  assert.deepEqual(await gateway.adapter.dispatch(target, payload, gateway.context()), {
    kind: "unreachable",
    reason: "The gateway is busy: starting.",
  });
  await gateway.adapter.close();
  gateway.start({ url: "ws://127.0.0.1:1", times: { handOverMs: 50 } });
  await gateway.until(() => gateway.adapter.state().lastError !== null);
  const outcome = await gateway.adapter.dispatch(target, payload, gateway.context());
  assert.match(outcome.kind === "unreachable" ? outcome.reason : "", /nothing listens there/);
});

test("an answer that does not come is looked up, and sent again only where no trace is", async () => {
  withoutTrace();
  gateway.fake.on("agent", ({ answer }) => {
    if (gateway.fake.count("agent") > 1) answer({ runId: "d1", status: "in_flight" });
  });
  gateway.start({ requestTimeoutMs: 1000 });
  assert.deepEqual(await gateway.adapter.dispatch(target, payload, gateway.context()), { kind: "accepted" });
  const methods = gateway.fake.requests.map(({ method }) => method).filter((method) => method !== "connect");
  assert.deepEqual(methods.slice(0, 4), ["agent", "tasks.list", "chat.history", "agent"]);
  const [first, second] = gateway.fake.requests.filter(({ method }) => method === "agent");
  assert.equal(second?.params.idempotencyKey, first?.params.idempotencyKey);
});

test("what has left a trace is not sent again", async () => {
  gateway.fake.on("tasks.list", ({ answer }) => answer({ tasks: [{ runId: "d1", status: "running" }] }));
  gateway.fake.on("agent", () => gateway.fake.cut());
  gateway.start();
  assert.deepEqual(await gateway.adapter.dispatch(target, payload, gateway.context()), { kind: "accepted" });
  assert.equal(gateway.fake.count("agent"), 1);
});

test("a gateway without records that restarted before it confirmed is a loss, not a second run", async () => {
  const refuse = ({ refuse }: { refuse(error: JsonObject): void }) =>
    refuse({ code: "FORBIDDEN", message: "unknown method" });
  gateway.fake.on("tasks.list", refuse);
  gateway.fake.on("chat.history", refuse);
  gateway.fake.on("agent", () => {
    gateway.fake.bootId = "boot-2";
    gateway.fake.cut();
  });
  gateway.start();
  const outcome = await gateway.adapter.dispatch(target, payload, gateway.context());
  assert.match(outcome.kind === "lost" ? outcome.reason : "", /cannot tell whether it ran/);
  assert.equal(gateway.fake.count("agent"), 1);
});

test("a sent dispatch whose gateway never comes back is a loss", async () => {
  gateway.fake.on("agent", () => void gateway.fake.close());
  gateway.start({ times: { unansweredMs: 50 } });
  const outcome = await gateway.adapter.dispatch(target, payload, gateway.context());
  assert.match(outcome.kind === "lost" ? outcome.reason : "", /could not be asked whether it arrived/);
  gateway.fake = await FakeOpenClawGateway.listen();
});

test("events that were dropped make the run be looked after", async () => {
  gateway.fake.on("agent", ({ answer }) => answer({ status: "accepted" }));
  gateway.start();
  await gateway.adapter.dispatch(target, payload, gateway.context());
  await gateway.fake.request("agent.wait");
  gateway.fake.on("agent.wait", ({ answer }) =>
    answer({ status: "ok", terminalReply: { text: "Seen late" } }),
  );
  gateway.fake.tell("health", {}, 7);
  gateway.fake.tell("health", {}, 8);
  assert.equal(gateway.fake.count("agent.wait"), 1);
  gateway.fake.tell("health", {}, 10);
  await gateway.until(() => gateway.events.length === 1);
  assert.equal(gateway.events[0]?.kind === "ended" && gateway.events[0].text, "Seen late");
});

test("a run its gateway was interrupted in and does not take up is a loss after a while", async () => {
  gateway.fake.on("agent", ({ answer }) => answer({ status: "accepted" }));
  gateway.fake.on("tasks.list", ({ answer }) => answer({ tasks: [{ runId: "d1", status: "cancelled" }] }));
  gateway.fake.on("chat.history", ({ answer }) => answer({ sessionInfo: { status: "running" } }));
  gateway.start({ times: { recoveryMs: 20 } });
  await gateway.adapter.dispatch(target, payload, gateway.context());
  await gateway.fake.request("agent.wait");
  gateway.fake.bootId = "boot-2";
  gateway.fake.cut();
  await gateway.until(() => gateway.events.length === 1);
  assert.equal(gateway.events[0]?.kind, "lost");
  assert.equal(gateway.fake.count("agent"), 1);
});

test("a turn under a later id that was noted down and perhaps not sent is sent after a restart", async () => {
  withoutTrace();
  gateway.fake.on("agent", ({ answer }) => answer({ status: "accepted" }));
  gateway.start();
  const earlier = { accepted: true, note: { runId: "d1.2", bootId: "boot-1" } };
  assert.deepEqual(await gateway.adapter.resume(target, payload, earlier, gateway.context()), {
    kind: "accepted",
  });
  assert.equal((await gateway.fake.request("agent")).params.idempotencyKey, "d1.2");
});

test("an accepted run is never sent again, also where its gateway has forgotten it", async () => {
  withoutTrace();
  gateway.fake.on("agent.wait", ({ answer }) => answer({ status: "timeout" }));
  gateway.start();
  const earlier = { accepted: true, note: { runId: "d1", bootId: "boot-1" } };
  assert.deepEqual(await gateway.adapter.resume(target, payload, earlier, gateway.context()), {
    kind: "accepted",
  });
  await gateway.until(() => gateway.events.length === 1);
  assert.equal(gateway.events[0]?.kind, "lost");
  assert.equal(gateway.fake.count("agent"), 0);
});

test("a connection that is lost while a gap is looked after is no fault", async () => {
  gateway.fake.on("agent", ({ answer }) => answer({ status: "accepted" }));
  gateway.start();
  await gateway.adapter.dispatch(target, payload, gateway.context());
  await gateway.fake.request("agent.wait");
  gateway.fake.tell("health", {}, 1);
  gateway.fake.tell("health", {}, 3);
  await gateway.fake.request("agent.wait", 2);
  withoutTrace();
  gateway.fake.cut();
  const third = await gateway.fake.request("agent.wait", 3);
  third.answer({ status: "ok", terminalReply: { text: "Fine" } });
  await gateway.until(() => gateway.events.length === 1);
  assert.equal(gateway.events[0]?.kind === "ended" && gateway.events[0].text, "Fine");
});

test("a cancel waits for the dispatch's own answer, and names the run", async () => {
  gateway.start();
  const cancelled = new AbortController();
  const outcome = gateway.adapter.dispatch(target, payload, gateway.context(cancelled.signal));
  const sent = await gateway.fake.request("agent");
  cancelled.abort(new Error("cancelled"));
  await assert.rejects(outcome, /cancelled/);
  const order: string[] = [];
  gateway.fake.on("chat.abort", ({ answer, params }) => {
    order.push("abort");
    assert.deepEqual(params, { sessionKey: SESSION, runId: "d1" });
    answer({ aborted: true });
  });
  const cancel = gateway.adapter.cancel(
    target,
    { dispatchId: "d1", taskId: "t1" },
    new AbortController().signal,
  );
  order.push("answered");
  sent.answer({ status: "accepted" });
  await cancel;
  assert.deepEqual(order, ["answered", "abort"]);
});

test("a cancelled dispatch that waits for its gateway is never sent", async () => {
  const port = await freePort();
  gateway.start({ url: `ws://127.0.0.1:${port}` });
  const cancelled = new AbortController();
  const outcome = gateway.adapter.dispatch(target, payload, gateway.context(cancelled.signal));
  cancelled.abort(new Error("cancelled"));
  await assert.rejects(outcome, /cancelled/);
  assert.deepEqual(gateway.notes, []);
});

test("a run of an earlier process is stopped under the id it goes on with, and no later attempt", async () => {
  const recovery = "f4ccf185-9ffe-41a4-99a3-77464de22cdb";
  let tasks: JsonObject[] = [
    { runId: recovery, status: "running", createdAt: 2 },
    { runId: "d1", status: "cancelled", createdAt: 1 },
  ];
  gateway.fake.on("tasks.list", ({ answer }) => answer({ tasks }));
  gateway.fake.on("chat.history", ({ answer }) => answer({ sessionInfo: { status: "running" } }));
  const stopped: unknown[] = [];
  gateway.fake.on("chat.abort", ({ answer, params }) => {
    stopped.push(params.runId);
    answer({ aborted: true });
  });
  gateway.start();
  const ref = { dispatchId: "d1", taskId: "t1" };
  await gateway.adapter.cancel(target, ref, new AbortController().signal);
  assert.deepEqual(stopped, [recovery]);
  tasks = [{ runId: "d2", status: "running", createdAt: 3 }, ...tasks.slice(1)];
  await gateway.adapter.cancel(target, ref, new AbortController().signal);
  assert.deepEqual(stopped, [recovery, "d1"]);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}
