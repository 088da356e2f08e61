import assert from "node:assert/strict";
import { test } from "node:test";
import { DispatchFixture } from "../../test/support/dispatch-fixture.ts";

const REQUEST = { id: "r1", title: "May I?", options: [{ optionId: "allow", name: "Allow" }] };

/** A task whose agent, which works in turns, has asked for a permission; nobody has any grace. */
async function asked(
  fixture: DispatchFixture,
): Promise<{ taskId: string; dispatchId: string; agentId: string }> {
  const agentId = await fixture.agent();
  const taskId = await fixture.task();
  const { attempt } = await fixture.dispatcher.dispatch(taskId, agentId);
  await permission(fixture, taskId, agentId, {});
  return { taskId, agentId, dispatchId: attempt?.id ?? "" };
}

async function permission(
  fixture: DispatchFixture,
  taskId: string,
  agentId: string,
  data: { state?: string },
) {
  const said = { taskId, agentId, type: "permission" as const, request: REQUEST, data };
  await fixture.change({ kind: "callback", taskId, callback: said, at: new Date().toISOString() });
}

function ended(fixture: DispatchFixture, dispatchId: string, text: string, inputTokens?: number): void {
  fixture.dispatcher.onRunEvent({
    kind: "ended",
    dispatchId,
    outcome: "completed",
    text,
    ...(inputTokens === undefined ? {} : { usage: { inputTokens } }),
    at: new Date(),
  });
}

const outcome = async (fixture: DispatchFixture, dispatchId: string) =>
  (await fixture.store.attempt(dispatchId))?.runOutcome?.text;

test("an agent that ended its turn to wait for an answer is not done; the end of the answer's turn is the end", async (context) => {
  const fixture = await DispatchFixture.open(context, 1);
  const { taskId, dispatchId } = await asked(fixture);
  ended(fixture, dispatchId, "I wait.", 5);
  await fixture.until(async () => (await outcome(fixture, dispatchId)) === "I wait.");
  await fixture.change({ kind: "run_settled", taskId, dispatchId });
  assert.equal(await fixture.state(taskId), "in_progress running");
  // Nor for a server that started since.
  await fixture.restart();
  await fixture.change({ kind: "run_settled", taskId, dispatchId });
  assert.equal(await fixture.state(taskId), "in_progress running");

  await fixture.dispatcher.answerPermission(taskId, "r1", { optionId: "allow" });
  await fixture.until(async () => (await fixture.store.pendingCommands()).length === 0);
  assert.equal(fixture.gateway.calls.at(-1), `answer ${dispatchId} r1=allow`);
  assert.equal(await outcome(fixture, dispatchId), undefined, "what had ended goes on");
  ended(fixture, dispatchId, "Done as allowed.", 7);
  await fixture.untilState(taskId, "completed completed");
  const task = await fixture.store.task(taskId);
  assert.deepEqual([task?.summary, task?.usage], ["Done as allowed.", { inputTokens: 12 }]);
});

test("an end that was told while the answer was on its way is none", async (context) => {
  const fixture = await DispatchFixture.open(context, 60_000);
  const { taskId, dispatchId } = await asked(fixture);
  await fixture.dispatcher.answerPermission(taskId, "r1", { optionId: "allow" });
  ended(fixture, dispatchId, "I wait.");
  await fixture.until(async () => (await outcome(fixture, dispatchId)) === "I wait.");
  fixture.dispatcher.onRunEvent({ kind: "continued", dispatchId, at: new Date() });
  await fixture.until(async () => (await outcome(fixture, dispatchId)) === undefined);
  await fixture.change({ kind: "run_settled", taskId, dispatchId });
  assert.equal(await fixture.state(taskId), "in_progress running");
});

test("a request that is withdrawn after its agent's turn lets the turn's end count", async (context) => {
  const fixture = await DispatchFixture.open(context, 1);
  const { taskId, agentId, dispatchId } = await asked(fixture);
  ended(fixture, dispatchId, "I wait.");
  await fixture.until(async () => (await outcome(fixture, dispatchId)) === "I wait.");
  await permission(fixture, taskId, agentId, { state: "withdrawn" });
  await fixture.untilState(taskId, "completed completed");
});

test("an answer to an attempt that is over makes no further turn", async (context) => {
  const fixture = await DispatchFixture.open(context, 1);
  const { taskId, dispatchId } = await asked(fixture);
  const held = Promise.withResolvers<void>();
  fixture.gateway.onSend = () => held.promise.then(() => ({ kind: "accepted" }));
  await fixture.dispatcher.close();
  await fixture.change({ kind: "answer_permission", taskId, requestId: "r1", optionId: "allow" });
  await fixture.report(taskId, "complete");
  await fixture.crash();
  await fixture.until(async () => (await fixture.store.pendingCommands()).length === 0);
  held.resolve();
  assert.equal(fixture.gateway.calls.includes(`answer ${dispatchId} r1=allow`), false);
});

test("what a run used counts, also when its agent had called back that the task is done, and once", async (context) => {
  const fixture = await DispatchFixture.open(context, 1);
  const agentId = await fixture.agent();
  const taskId = await fixture.task();
  const { attempt } = await fixture.dispatcher.dispatch(taskId, agentId);
  await fixture.report(taskId, "complete");
  const dispatchId = attempt?.id ?? "";
  ended(fixture, dispatchId, "Done.", 360);
  await fixture.until(async () => (await fixture.store.task(taskId))?.usage !== undefined);
  ended(fixture, dispatchId, "Done.", 360);
  const again = { outcome: "completed" as const, text: "Done.", at: new Date().toISOString() };
  await fixture.change({ kind: "run_ended", taskId, dispatchId, run: again, usage: { inputTokens: 360 } });
  assert.deepEqual((await fixture.store.task(taskId))?.usage, { inputTokens: 360 });
  assert.deepEqual((await fixture.store.attempt(dispatchId))?.usage, { inputTokens: 360 });
  assert.equal(await fixture.state(taskId), "completed completed");
});
