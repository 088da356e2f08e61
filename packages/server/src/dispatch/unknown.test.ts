import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { DispatchFixture } from "../../test/support/dispatch-fixture.ts";
import { CancelNotConfirmedError, type DispatchOutcome } from "../gateways/gateway.ts";

const REASON = "The agent did not answer.";

/** A task whose attempt is unknown; the agent cannot be told to stop until the test lets it. */
async function inDoubt(context: TestContext) {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  const taskId = await fixture.task();
  const cancelled = Promise.withResolvers<void>();
  cancelled.promise.catch(() => {});
  fixture.gateway.onCancel = () => cancelled.promise;
  fixture.gateway.onSend = async () => ({ kind: "unknown", reason: REASON });
  const { task, attempt } = await fixture.dispatcher.dispatch(taskId, agentId);
  assert.deepEqual([task?.status, task?.unknownReason, attempt?.state], ["queued", REASON, "unknown"]);
  fixture.gateway.onSend = async () => ({ kind: "accepted" });
  return { fixture, agentId, taskId, dispatchId: attempt?.id ?? "", cancelled };
}

const told = async ({ store }: DispatchFixture, taskId: string) =>
  (await store.taskEvents(taskId, 0, 100)).items
    .filter(({ data }) => data.cancel !== undefined)
    .map(({ type, message, data }) => ({ type, message, state: data.state, cancel: data.cancel }));

test("an unknown attempt keeps its slot, and is not sent again, also after a crash", async (context) => {
  const { fixture, agentId, taskId } = await inDoubt(context);
  const next = await fixture.task();
  await fixture.dispatcher.dispatch(next, agentId);
  await fixture.crash();
  await fixture.restart();
  assert.equal(await fixture.state(taskId), "queued unknown");
  assert.equal(await fixture.state(next), "queued queued");
  assert.equal((await fixture.view(agentId))?.running, 1);
  const sent = fixture.gateway.calls.filter((call) => !call.startsWith("cancel"));
  assert.equal(sent.length, 1);
});

test("the agent of an unknown attempt is told to stop, also by the next process; what it confirms has failed", async (context) => {
  const { fixture, agentId, taskId, dispatchId, cancelled } = await inDoubt(context);
  const next = await fixture.task();
  await fixture.dispatcher.dispatch(next, agentId);
  cancelled.reject(new Error("offline"));
  await fixture.until(() => fixture.gateway.calls.includes(`cancel ${dispatchId}`));
  fixture.gateway.onCancel = async () => {};
  await fixture.crash();
  await fixture.untilState(taskId, "failed failed");
  const task = await fixture.store.task(taskId);
  assert.match(task?.error ?? "", /did not answer\. The agent confirmed that it does not work on it/);
  assert.equal(task?.unknownReason, undefined);
  await fixture.untilState(next, "in_progress accepted");
  await fixture.until(async () => (await fixture.store.pendingCommands()).length === 0);
  const { task: again } = await fixture.dispatcher.dispatch(taskId, await fixture.agent());
  assert.equal(again?.status, "in_progress");
});

test("the agent's next word revives it, and it is not told to stop any more", async (context) => {
  const { fixture, taskId, dispatchId, cancelled } = await inDoubt(context);
  await fixture.until(() => fixture.gateway.calls.includes(`cancel ${dispatchId}`));
  await fixture.report(taskId, "progress");
  assert.equal(await fixture.state(taskId), "in_progress running");
  const task = await fixture.store.task(taskId);
  assert.deepEqual([task?.unknownReason, task?.error], [undefined, undefined]);
  const calls = fixture.gateway.calls.length;
  cancelled.reject(new Error("offline"));
  await fixture.until(async () => (await fixture.store.pendingCommands()).length === 0);
  assert.equal(fixture.gateway.calls.length, calls, "the cancel was withdrawn");
  await fixture.report(taskId, "complete");
  assert.equal(await fixture.state(taskId), "completed completed");
  assert.deepEqual(await told(fixture, taskId), []);
});

test("an agent that spoke while the cancel was on its way, and then confirms it, has stopped", async (context) => {
  const { fixture, taskId, dispatchId, cancelled } = await inDoubt(context);
  await fixture.until(() => fixture.gateway.calls.includes(`cancel ${dispatchId}`));
  await fixture.report(taskId, "progress");
  cancelled.resolve();
  await fixture.untilState(taskId, "failed failed");
});

test("an agent that does not confirm leaves it unknown, in words, until the operator ends it", async (context) => {
  const { fixture, agentId, taskId, cancelled } = await inDoubt(context);
  cancelled.reject(new CancelNotConfirmedError("The agent refused the cancel with HTTP 405."));
  await fixture.until(async () => (await fixture.store.pendingCommands()).length === 0);
  assert.equal(await fixture.state(taskId), "queued unknown");
  assert.match((await fixture.store.task(taskId))?.unknownReason ?? "", /may be working on it: .*405/);
  assert.equal((await fixture.view(agentId))?.running, 1);
  await fixture.dispatcher.cancel(taskId);
  assert.equal(await fixture.state(taskId), "cancelled cancelled");
  assert.equal((await fixture.view(agentId))?.running, 0);
  await fixture.until(async () => (await fixture.store.pendingCommands()).length === 0);
  const answers = await told(fixture, taskId);
  assert.deepEqual(
    answers.map(({ type, state, cancel }) => [type, state, cancel]),
    [
      ["dispatch", "unknown", "unconfirmed"],
      ["dispatch", "cancelled", "unconfirmed"],
    ],
  );
  assert.match(answers[1]?.message ?? "", /did not confirm the cancel and may be working on it/);
  const late = await fixture.change({
    kind: "callback",
    taskId,
    callback: { taskId, agentId, type: "complete" },
    at: new Date().toISOString(),
  });
  assert.equal(late.refusal?.code, "conflict");
});

test("a cancel that the agent confirms is told so, once, also when it is told again after a crash", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  const taskId = await fixture.task();
  await fixture.dispatcher.dispatch(taskId, agentId);
  const { commandDone } = fixture.store;
  context.mock.method(fixture.store, "commandDone", () => new Promise(() => {}));
  await fixture.dispatcher.cancel(taskId);
  await fixture.until(async () => (await told(fixture, taskId)).length === 1);
  assert.ok(commandDone);
  await fixture.crash();
  await fixture.until(async () => (await fixture.store.pendingCommands()).length === 0);
  assert.equal(fixture.gateway.calls.filter((call) => call.startsWith("cancel")).length, 2);
  const [answer, more] = await told(fixture, taskId);
  assert.deepEqual([answer?.message, answer?.cancel], ["The agent confirmed the cancel", "confirmed"]);
  assert.equal(more, undefined);
});

test("a hand-over whose adapter does not listen to the stop holds nothing up", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  fixture.gateway.onSend = () => new Promise<DispatchOutcome>(() => {});
  const taskId = await fixture.task();
  const dispatched = fixture.dispatcher.dispatch(taskId, agentId);
  await fixture.untilState(taskId, "queued sending");
  await fixture.until(() => fixture.gateway.calls.length > 0);
  await fixture.dispatcher.close();
  assert.equal((await dispatched).attempt?.state, "sending");
});

test("what is stopped before it was sent waits in the queue, and goes out after the restart", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  const taskId = await fixture.task();
  fixture.gateway.onSend = ({ context: { signal } }) =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve({ kind: "unsent", reason: "stopped" }), { once: true });
    });
  void fixture.dispatcher.dispatch(taskId, agentId);
  await fixture.until(() => fixture.gateway.calls.length === 1);
  fixture.gateway.onSend = async () => ({ kind: "accepted" });
  await fixture.restart();
  await fixture.untilState(taskId, "in_progress accepted");
  const [first, second] = fixture.gateway.calls;
  assert.match(first ?? "", /^dispatch /);
  assert.equal(second, first, "handed over as for the first time");
});

test("a dispatch asked for while the dispatcher starts is handed over once, and not taken up as an earlier one's", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  const taskId = await fixture.task();
  const accepted = Promise.withResolvers<DispatchOutcome>();
  fixture.gateway.onSend = () => accepted.promise;
  let dispatched: Promise<unknown> = Promise.resolve();
  await fixture.crash(async (dispatcher) => {
    dispatched = dispatcher.dispatch(taskId, agentId);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  });
  await fixture.untilState(taskId, "queued sending");
  await fixture.until(() => fixture.gateway.calls.length > 0);
  accepted.resolve({ kind: "accepted" });
  await dispatched;
  assert.equal(await fixture.state(taskId), "in_progress accepted");
  assert.equal(fixture.gateway.calls.length, 1, fixture.gateway.calls.join(", "));
});

test("a cancel given while the dispatcher starts is told to the agent once", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const taskId = await fixture.task();
  const { attempt } = await fixture.dispatcher.dispatch(taskId, await fixture.agent());
  const answer = Promise.withResolvers<void>();
  fixture.gateway.onCancel = () => answer.promise;
  await fixture.crash(async (dispatcher) => void (await dispatcher.cancel(taskId)));
  await fixture.until(() => fixture.gateway.calls.includes(`cancel ${attempt?.id}`));
  answer.resolve();
  await fixture.until(async () => (await fixture.store.pendingCommands()).length === 0);
  const cancels = fixture.gateway.calls.filter((call) => call.startsWith("cancel"));
  assert.equal(cancels.length, 1);
});

test("an attempt that is given up frees its slot at once; its agent is told to stop, and may still be heard late", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  const taskId = await fixture.task();
  const { attempt } = await fixture.dispatcher.dispatch(taskId, agentId);
  const dispatchId = attempt?.id ?? "";
  const next = await fixture.task();
  await fixture.dispatcher.dispatch(next, agentId);
  const { task } = await fixture.dispatcher.forceEnd(taskId);
  assert.equal(task?.status, "failed");
  assert.match(task?.error ?? "", /what became of it is not known/);
  assert.equal(await fixture.state(taskId), "failed lost");
  await fixture.untilState(next, "in_progress accepted");
  await fixture.until(async () => (await told(fixture, taskId)).length === 1);
  assert.ok(fixture.gateway.calls.includes(`cancel ${dispatchId}`));
  const [answer] = await told(fixture, taskId);
  assert.deepEqual([answer?.state, answer?.cancel], ["lost", "confirmed"]);
  assert.equal((await fixture.dispatcher.forceEnd(taskId)).refusal?.code, "conflict");
  assert.equal((await fixture.dispatcher.dispatch(taskId, agentId)).task?.status, "queued");
});
