import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { FakeRequest } from "../../../test/support/fake-openclaw-gateway.ts";
import { OpenClawFixture, payload, SESSION, target } from "../../../test/support/openclaw-fixture.ts";

let gateway: OpenClawFixture;
beforeEach(async () => {
  gateway = await OpenClawFixture.open();
  gateway.fake.on("agent", ({ answer }) => answer({ status: "accepted" }));
});
afterEach(() => gateway.close());

const accepted = { kind: "accepted" };
const answer = { requestId: "r1", optionId: "allow" };

/** The second answer to `agent`, at the end of its run. */
function finish({ answer }: FakeRequest, text: string, usage: object, costUsd = 0): void {
  const meta = { agentMeta: { usage: { ...usage }, costUsd } };
  answer({ status: "ok", result: { payloads: [{ text }], meta } });
}

function ended() {
  return gateway.events.find((event) => event.kind === "ended");
}

test("the end of a run has its whole text and what it used, what was read from a cache included", async () => {
  gateway.start({ times: { resultMs: 10_000 } });
  await gateway.adapter.dispatch(target, payload, gateway.context());
  const sent = await gateway.fake.request("agent");
  const waiting = await gateway.fake.request("agent.wait");
  waiting.answer({ status: "ok", terminalReply: { text: "x".repeat(4096) } });
  const whole = `${"x".repeat(9000)}, whsec_c2VjcmV0LW9mLXRoaXMtdGVzdC1hbG9uZSEh`;
  finish(sent, whole, { input: 22, output: 7, cacheRead: 2000, cacheWrite: 400 }, 0.5);
  await gateway.until(() => ended() !== undefined);
  const end = ended();
  assert.equal(end?.kind === "ended" && end.text, `${"x".repeat(9000)}, [secret]`);
  assert.deepEqual(end?.kind === "ended" && end.usage, {
    inputTokens: 2422,
    outputTokens: 7,
    cost: { amount: 0.5, currency: "USD" },
  });
});

test("where the connection that is told the end was lost, the conversation has text and usage", async () => {
  gateway.start({ times: { resultMs: 10_000 } });
  await gateway.adapter.dispatch(target, payload, gateway.context());
  await gateway.fake.request("agent.wait");
  gateway.fake.on("tasks.list", ({ answer }) => answer({ tasks: [{ runId: "d1", status: "running" }] }));
  const said = (runId: string, text: string, output: number) => ({
    role: "assistant",
    content: [{ type: "text", text }],
    usage: { input: 1, output, cacheRead: 1 },
    __openclaw: { runId },
  });
  const messages = [said("other", "Not ours", 90), said("d1", "First", 3), said("d1", "Last words", 4)];
  gateway.fake.on("chat.history", ({ answer }) => answer({ messages }));
  gateway.fake.on("agent.wait", ({ answer }) => answer({ status: "ok", terminalReply: { text: "Last" } }));
  gateway.fake.cut();
  await gateway.until(() => ended() !== undefined);
  const end = ended();
  assert.deepEqual(end?.kind === "ended" && [end.text, end.usage], [
    "Last words",
    { inputTokens: 4, outputTokens: 7 },
  ]);
});

test("an answer while the turn is under way is the next turn, and the end of that one is the end", async () => {
  gateway.start({ times: { resultMs: 10_000 } });
  await gateway.adapter.dispatch(target, payload, gateway.context());
  const first = await gateway.fake.request("agent");
  const waiting = await gateway.fake.request("agent.wait");
  await gateway.adapter.answerPermission(target, payload, answer, gateway.context());
  const second = await gateway.fake.request("agent", 2);
  assert.equal(second.params.idempotencyKey, "d1.answer.r1");
  assert.match(String(second.params.message), /permission request r1: allow/);
  assert.equal(
    second.params.extraSystemPrompt,
    first.params.extraSystemPrompt,
    "the way to report is there, too",
  );
  assert.deepEqual(gateway.notes.at(-1), { answer, runId: "d1.answer.r1", bootId: "boot-1" });
  await gateway.adapter.answerPermission(target, payload, answer, gateway.context());
  assert.equal(gateway.fake.count("agent"), 2, "the same answer again is no further turn");

  waiting.answer({ status: "ok", terminalReply: { text: "I wait." } });
  finish(first, "I wait.", { input: 1, output: 1 });
  const waitingAgain = await gateway.fake.request("agent.wait", 2);
  assert.equal(waitingAgain.params.runId, "d1.answer.r1");
  assert.equal(ended(), undefined);
  waitingAgain.answer({ status: "ok", terminalReply: { text: "Done." } });
  finish(second, "Done.", { input: 2, output: 2 });
  await gateway.until(() => ended() !== undefined);
  const end = ended();
  assert.deepEqual(end?.kind === "ended" && [end.text, end.usage], [
    "Done.",
    { inputTokens: 3, outputTokens: 3 },
  ]);
  const told = gateway.events.map((event) => (event.kind === "activity" ? event.message : event.kind));
  assert.deepEqual(told, ["continued", "The answer goes to the agent as its next turn", "I wait.", "ended"]);
});

test("an answer after the end of the turn begins the next one", async () => {
  gateway.start();
  await gateway.adapter.answerPermission(target, payload, answer, gateway.context());
  assert.equal((await gateway.fake.request("agent")).params.idempotencyKey, "d1.answer.r1");
  const waiting = await gateway.fake.request("agent.wait");
  waiting.answer({ status: "ok", terminalReply: { text: "Done." } });
  await gateway.until(() => ended() !== undefined);
});

test("a turn with an answer that an earlier process sent is found again, and not sent twice", async () => {
  gateway.fake.on("tasks.list", ({ answer }) =>
    answer({ tasks: [{ runId: "d1.answer.r1", status: "running" }] }),
  );
  gateway.start();
  const note = { answer, runId: "d1.answer.r1", bootId: "boot-1" };
  const taken = await gateway.adapter.resume(target, payload, { accepted: true, note }, gateway.context());
  assert.deepEqual(taken, accepted);
  await gateway.adapter.answerPermission(target, payload, answer, gateway.context());
  assert.equal((await gateway.fake.request("agent.wait")).params.runId, "d1.answer.r1");
  assert.equal(gateway.fake.count("agent"), 0);
});

test("an answer the gateway refuses fails the dispatch in words; one it cannot be told now is to be tried again", async () => {
  gateway.fake.on("agent", ({ refuse }) => refuse({ code: "UNAVAILABLE", message: "busy", retryable: true }));
  gateway.start({ times: { handOverMs: 20 } });
  await gateway.until(() => gateway.adapter.state().state === "connected");
  await assert.rejects(
    gateway.adapter.answerPermission(target, payload, answer, gateway.context()),
    /gateway is busy/,
  );
  assert.deepEqual(gateway.events, []);
  gateway.fake.on("agent", ({ refuse }) => refuse({ code: "INVALID_REQUEST", message: "gone" }));
  await gateway.adapter.answerPermission(target, payload, answer, gateway.context());
  const end = ended();
  assert.deepEqual(end?.kind === "ended" && [end.outcome, end.text], [
    "failed",
    "The gateway refused the answer: gone (INVALID_REQUEST).",
  ]);
});

test("an end by a restart is not the end of the work: the run that goes on is followed, and its end told", async () => {
  const recovery = "f4ccf185-9ffe-41a4-99a3-77464de22cdb";
  const interrupted = { runId: "d1", status: "cancelled", error: "aborted for restart", createdAt: 1 };
  const later = { runId: recovery, status: "running", createdAt: 2 };
  gateway.fake.on("tasks.list", ({ answer }) => {
    answer({ tasks: gateway.fake.count("tasks.list") < 3 ? [interrupted] : [later, interrupted] });
  });
  gateway.fake.on("chat.history", ({ answer }) =>
    answer({ sessionInfo: { status: "killed" }, messages: [] }),
  );
  gateway.start();
  await gateway.adapter.dispatch(target, payload, gateway.context());
  const waiting = await gateway.fake.request("agent.wait");
  waiting.answer({ status: "error", stopReason: "restart", endedAt: 1, error: "aborted for restart" });
  const goesOn = await gateway.fake.request("agent.wait", 2);
  assert.equal(goesOn.params.runId, recovery);
  goesOn.answer({ status: "ok", terminalReply: { text: "Went on." } });
  await gateway.until(() => ended() !== undefined);
  const end = ended();
  assert.deepEqual(end?.kind === "ended" && [end.outcome, end.text], ["completed", "Went on."]);
  assert.equal(gateway.fake.count("agent"), 1);
});

test("an agent's id is used without spaces around it, and a task that is too large is refused with its size", async () => {
  gateway.fake.maxPayloadBytes = 1024 * 1024;
  gateway.start();
  const spaced = { agentId: "agent_1", endpoint: { kind: "openclaw", agentId: " coder " } } as const;
  assert.deepEqual(await gateway.adapter.dispatch(spaced, payload, gateway.context()), accepted);
  const { params } = await gateway.fake.request("agent");
  assert.deepEqual([params.agentId, params.sessionKey], ["coder", SESSION]);
  const task = { ...payload.task, description: "x".repeat(1024 * 1024) };
  const large = { ...payload, dispatchId: "d2", task };
  const outcome = await gateway.adapter.dispatch(target, large, gateway.context());
  assert.match(outcome.kind === "rejected" ? outcome.reason : "", /too large.*at most 1\.0 MiB/);
});
