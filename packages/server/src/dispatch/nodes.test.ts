import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { DispatchFixture } from "../../test/support/dispatch-fixture.ts";
import type { DispatchOutcome } from "../gateways/gateway.ts";

/** Two nodes on one store; the first does the agent's work, and has one attempt of it under way. */
async function twoNodes(context: TestContext, concurrency = 1) {
  const one = await DispatchFixture.open(context);
  const agentId = await one.agent(concurrency);
  const taskId = await one.task();
  const { attempt } = await one.dispatcher.dispatch(taskId, agentId);
  assert.equal(attempt?.state, "accepted");
  const two = await one.addNode();
  return { one, two, agentId, taskId, dispatchId: attempt.id };
}

const never = () => new Promise<never>(() => {});
/** As an adapter whose gateway is gone from it: ends when it is told to. */
const untilAborted: DispatchFixture["gateway"]["onSend"] = ({ context: { signal } }) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));

test("what is dispatched at one node is handed over by the one that does the agent's work, and both say so", async (context) => {
  const { one, two, agentId } = await twoNodes(context, 2);
  const taskId = await one.task();
  const { task, attempt } = await two.dispatcher.dispatch(taskId, agentId);
  assert.deepEqual([task?.status, attempt?.state], ["in_progress", "accepted"]);
  assert.equal(one.gateway.calls.length, 2);
  const full = await two.dispatcher.dispatch(await one.task(), agentId);
  assert.equal(full.attempt?.state, "queued", "no free slot is answered at once");
  await one.report(taskId, "complete");
  await one.untilState(full.task?.id as string, "in_progress accepted");
  assert.equal(one.gateway.calls.length, 3);
  assert.deepEqual(two.gateway.calls, []);
});

test("each command is delivered once, whichever node it was given to, after what it is about", async (context) => {
  const { one, two, agentId, taskId, dispatchId } = await twoNodes(context);
  await two.dispatcher.cancel(taskId);
  await one.until(async () => (await one.store.pendingCommands()).length === 0);
  const next = await one.task();
  const sent = Promise.withResolvers<DispatchOutcome>();
  one.gateway.onSend = () => sent.promise;
  const dispatching = two.dispatcher.dispatch(next, agentId);
  await one.until(() => one.gateway.calls.length === 3);
  await two.dispatcher.cancel(next);
  sent.resolve({ kind: "accepted" });
  const { attempt } = await dispatching;
  await one.until(async () => (await one.store.pendingCommands()).length === 0);
  const id = attempt?.id;
  assert.deepEqual(one.gateway.calls, [
    `dispatch ${dispatchId}`,
    `cancel ${dispatchId}`,
    `dispatch ${id}`,
    `cancel ${id}`,
  ]);
  assert.deepEqual(two.gateway.calls, []);
});

test("a node whose lease lapses is replaced: its runs, queue and commands are taken up, each once", async (context) => {
  const { one, two, agentId, taskId, dispatchId } = await twoNodes(context);
  const waiting = await one.task();
  await one.dispatcher.dispatch(waiting, agentId);
  one.gateway.onCancel = never;
  one.gateway.onSend = untilAborted;
  await one.dispatcher.cancel(taskId);
  await one.until(() => one.gateway.calls.includes(`cancel ${dispatchId}`));
  await one.untilState(waiting, "queued sending");
  await one.until(() => one.gateway.calls.length === 3);
  const { letKnow } = await one.leases.lapse(`agent:${agentId}`);
  await one.untilState(waiting, "in_progress accepted");
  await one.until(async () => (await one.store.pendingCommands()).length === 0);
  const [queued] = await one.store.attemptsOf(waiting);
  assert.deepEqual(two.gateway.calls.toSorted(), [
    `cancel ${dispatchId}`,
    `resume ${queued?.id} accepted=false`,
  ]);
  letKnow();
  await one.report(waiting, "complete");
  const last = await one.task();
  const { attempt } = await one.dispatcher.dispatch(last, agentId);
  assert.equal(attempt?.state, "accepted");
  assert.equal(one.gateway.calls.length, 3, "the first node does nothing more");
  assert.equal(two.gateway.calls.length, 3);
});

test("a command that its old node has delivered meanwhile is not delivered again", async (context) => {
  const { one, two, agentId, taskId, dispatchId } = await twoNodes(context);
  const told = Promise.withResolvers<void>();
  one.gateway.onCancel = () => told.promise;
  await one.dispatcher.cancel(taskId);
  await one.until(() => one.gateway.calls.includes(`cancel ${dispatchId}`));
  // Between the new node's look at what is to be done and its delivery.
  const asked = Promise.withResolvers<void>();
  const original = one.store.isCommandPending.bind(one.store);
  context.mock.method(one.store, "isCommandPending", async (id: number) => {
    asked.resolve();
    told.resolve();
    await one.until(async () => (await one.store.pendingCommands()).length === 0);
    return original(id);
  });
  const { letKnow } = await one.leases.lapse(`agent:${agentId}`);
  await asked.promise;
  await one.until(async () => (await one.store.pendingCommands()).length === 0);
  letKnow();
  assert.deepEqual(two.gateway.calls, []);
});

test("an agent goes to the node that reaches it, with what it has under way", async (context) => {
  const { one, two, agentId, dispatchId } = await twoNodes(context);
  two.reaches = false;
  one.reaches = false;
  await Promise.all([one.dispatcher.review(), two.dispatcher.review()]);
  assert.deepEqual([one.dispatcher.owns(agentId), two.dispatcher.owns(agentId)], [false, false]);
  two.reaches = true;
  await two.dispatcher.review();
  const resumed = `resume ${dispatchId} accepted=true`;
  await one.until(() => two.gateway.calls.includes(resumed));
  assert.deepEqual([one.dispatcher.owns(agentId), two.dispatcher.owns(agentId)], [false, true]);
});

test("what nobody here reaches any more is not under way here when that is known", async (context) => {
  const { one, two, agentId, taskId } = await twoNodes(context, 2);
  const next = await one.task();
  one.gateway.onSend = untilAborted;
  const dispatching = one.dispatcher.dispatch(next, agentId);
  await one.until(() => one.gateway.calls.length === 2);
  one.reaches = false;
  await one.dispatcher.review();
  await one.untilState(next, "in_progress accepted");
  assert.equal((await dispatching).attempt?.state, "accepted");
  assert.ok(two.gateway.calls.some((call) => call.startsWith("resume")));
  assert.equal(await one.state(taskId), "in_progress accepted");
});

test("whether an agent can be reached is shown by every node as the one that called it last announced it", async (context) => {
  const { one, two, agentId } = await twoNodes(context, 4);
  two.gateway.state = null;
  const at = new Date();
  one.gateway.state = { status: "offline", reason: "Nobody is there.", at };
  one.gateway.onSend = async () => ({ kind: "unreachable", reason: "Nobody is there." });
  const task = await one.task();
  await two.dispatcher.dispatch(task, agentId);
  await one.until(() => two.agents.get(agentId)?.status === "offline");
  assert.equal(two.agents.get(agentId)?.statusReason, "Nobody is there.");
  await two.agents.announceReachability();
  const third = await one.addNode();
  third.gateway.state = null;
  assert.equal(third.agents.get(agentId)?.status, "offline", "also by one that came later");
  // Also where the clock was set back meanwhile, and does not come to that time again for an hour.
  const now = Date.now() - 3_600_000;
  context.mock.timers.enable({ apis: ["Date"], now });
  one.gateway.state = { status: "online", at: new Date(now) };
  one.gateway.onSend = async () => ({ kind: "accepted" });
  await third.dispatcher.dispatch(await one.task(), agentId);
  for (const node of [one, two, third]) {
    await one.until(() => node.agents.get(agentId)?.status === "online");
  }
  const { items } = await one.store.history(null, { types: ["agent"] }, 100);
  const statuses = items.filter(({ data }) => data.change === "status").map(({ data }) => data.status);
  assert.deepEqual(statuses, ["online", "offline", "online"], "each change is told once");
});

for (const late of [
  { kind: "unreachable", reason: "Nobody answered." },
  { kind: "unsent", reason: "The server was stopped." },
  { kind: "unknown", reason: "The answer did not come." },
] as const) {
  test(`a node that wakes after another took up its hand-over says nothing of it (${late.kind})`, async (context) => {
    const { one, two, agentId } = await twoNodes(context, 2);
    const said = Promise.withResolvers<DispatchOutcome>();
    one.gateway.onSend = () => said.promise;
    const taken = Promise.withResolvers<DispatchOutcome>();
    two.gateway.onSend = () => taken.promise;
    const next = await one.task();
    const dispatching = one.dispatcher.dispatch(next, agentId);
    await one.until(() => one.gateway.calls.length === 2);
    const { letKnow } = await one.leases.lapse(`agent:${agentId}`);
    await one.until(() => two.gateway.calls.length === 2);
    const { newest } = await one.store.range();
    said.resolve(late);
    await dispatching;
    assert.equal((await one.store.range()).newest, newest);
    taken.resolve({ kind: "accepted" });
    await one.untilState(next, "in_progress accepted");
    letKnow();
    assert.deepEqual(one.errors, []);
  });
}
