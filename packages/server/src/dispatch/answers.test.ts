import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { PermissionPolicy, PermissionRequest } from "@mission-control/protocol";
import { DispatchFixture } from "../../test/support/dispatch-fixture.ts";
import { AnswerRefusedError } from "../gateways/gateway.ts";

const REQUEST = { id: "r1", title: "May I?", options: [{ optionId: "allow", name: "Allow" }] };

/** A task whose agent has asked something. */
async function asked(context: TestContext, more: Partial<PermissionRequest> = {}) {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  const taskId = await fixture.task();
  await fixture.dispatcher.dispatch(taskId, agentId);
  const ask = async () => {
    const callback = { taskId, agentId, type: "permission" as const, request: { ...REQUEST, ...more } };
    await fixture.change({ kind: "callback", taskId, callback, at: new Date().toISOString() });
  };
  await ask();
  const answer = () => fixture.dispatcher.answerPermission(taskId, "r1", { optionId: "allow" });
  const settled = () => fixture.until(async () => (await fixture.store.pendingCommands()).length === 0);
  const told = async () => {
    const { items } = await fixture.store.taskEvents(taskId, 0, 100);
    const states = items.filter(({ type }) => type === "permission").map(({ data }) => data);
    return states.map(({ state, reason }) => (reason === undefined ? state : `${state}: ${reason}`));
  };
  return { fixture, taskId, answer, ask, settled, told };
}

test("an answer is told as delivered when the agent has it", async (context) => {
  const { answer, settled, told } = await asked(context);
  await answer();
  await settled();
  assert.deepEqual(await told(), ["requested", "answered", "delivered"]);
});

test("an answer that the agent no longer knows the question of says so, and is not sent again", async (context) => {
  const { fixture, answer, settled, told } = await asked(context);
  const reason = "The agent no longer knows this question (HTTP 404).";
  fixture.gateway.onAnswer = () => Promise.reject(new AnswerRefusedError(reason));
  await answer();
  await settled();
  assert.deepEqual(await told(), ["requested", "answered", `undelivered: ${reason}`]);
  assert.equal(fixture.gateway.calls.length, 2);
});

test("an answer is kept through a crash, and told as delivered once, however often it was sent", async (context) => {
  const { fixture, answer, settled, told } = await asked(context);
  const reached = Promise.withResolvers<void>();
  fixture.gateway.onAnswer = () => {
    reached.resolve();
    return new Promise(() => {});
  };
  await answer();
  await reached.promise;
  fixture.gateway.onAnswer = async () => {};
  await fixture.crash();
  await settled();
  assert.deepEqual(await told(), ["requested", "answered", "delivered"]);
  assert.equal(fixture.gateway.calls.filter((call) => call.startsWith("answer")).length, 2);
});

test("an answer to an attempt that ended first is told as not delivered", async (context) => {
  const { fixture, taskId, answer, settled, told } = await asked(context);
  fixture.gateway.onAnswer = async () => {
    await fixture.report(taskId, "complete");
    throw new Error("The agent could not be reached.");
  };
  await answer();
  await settled();
  const [, , last] = await told();
  assert.match(String(last), /^undelivered: The attempt ended before/);
});

test("a request times out by itself, also one that a server before this one was asked", async (context) => {
  const { fixture, taskId, ask, told } = await asked(context, {
    expiresAt: new Date(Date.now() + 20).toISOString(),
  });
  await fixture.until(async () => (await told()).length === 2);
  assert.deepEqual(await told(), ["requested", "timed_out"]);
  assert.equal((await fixture.store.task(taskId))?.waitingFor, undefined);
  await fixture.dispatcher.close();
  await ask();
  await fixture.crash();
  await fixture.until(async () => (await told()).length === 4);
  assert.deepEqual((await told()).slice(2), ["requested", "timed_out"]);
});

test("what an agent's policy allows is answered at once, and told as its doing", async (context) => {
  const options = [{ optionId: "yes", name: "Yes", kind: "allow_once" }];
  const { fixture, taskId, ask, settled } = await asked(context, { options, tool: { name: "read" } });
  assert.equal(
    (await fixture.store.task(taskId))?.waitingFor?.id,
    "r1",
    "without one, the operator is asked",
  );
  const { agentId } = (await fixture.store.task(taskId)) ?? {};
  const permissions: PermissionPolicy = { allowTools: ["read"], allowCommands: [], otherwise: "ask" };
  await fixture.agentEditor.update(agentId ?? "", { permissions });
  await ask();
  await settled();
  const { items } = await fixture.store.taskEvents(taskId, 0, 100);
  const told = items.filter(({ type }) => type === "permission").slice(1);
  assert.deepEqual(
    told.map(({ data }) => [data.state, data.optionId, data.by, data.rule]),
    [
      ["requested", undefined, undefined, undefined],
      ["answered", "yes", "policy", "the tool read is allowed"],
      ["delivered", undefined, undefined, undefined],
    ],
  );
  assert.equal((await fixture.store.task(taskId))?.waitingFor, undefined);
  assert.equal(fixture.gateway.calls.at(-1)?.endsWith("r1=yes"), true);
});
