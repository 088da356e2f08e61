import assert from "node:assert/strict";
import { test } from "node:test";
import { DispatchFixture } from "../../test/support/dispatch-fixture.ts";
import type { DispatchOutcome } from "../gateways/gateway.ts";

const never = () => new Promise<DispatchOutcome>(() => {});

for (const [state, accepted] of [
  ["sending", false],
  ["accepted", true],
  ["running", true],
] as const) {
  test(`an attempt that was ${state} when the server died is resumed, never sent anew`, async (context) => {
    const fixture = await DispatchFixture.open(context);
    const agentId = await fixture.agent();
    const taskId = await fixture.task();
    if (state === "sending") fixture.gateway.onSend = never;
    void fixture.dispatcher.dispatch(taskId, agentId).catch(() => {});
    await fixture.untilState(taskId, state === "sending" ? "queued sending" : "in_progress accepted");
    await fixture.until(() => fixture.gateway.calls.length === 1);
    if (state === "running") await fixture.report(taskId, "progress");
    const [first] = fixture.gateway.payloads;
    fixture.gateway.onSend = async () => ({ kind: "accepted" });
    await fixture.store.change({ kind: "edit", taskId, fields: { title: "Another title" } });
    await fixture.crash();
    const resume = `resume ${first?.dispatchId} accepted=${accepted}`;
    await fixture.until(() => fixture.gateway.calls.includes(resume));
    await fixture.untilState(taskId, `in_progress ${state === "running" ? "running" : "accepted"}`);
    assert.deepEqual(fixture.gateway.payloads[1], first, "the payload is the same, byte for byte");
    await fixture.crash();
    await fixture.until(() => fixture.gateway.calls.length === 3);
    assert.deepEqual(fixture.gateway.calls, [
      `dispatch ${first?.dispatchId}`,
      resume,
      `resume ${first?.dispatchId} accepted=true`,
    ]);
    await fixture.report(taskId, "complete");
    await fixture.crash();
    assert.equal(fixture.gateway.calls.length, 3, "what is over is left alone");
    const { items } = await fixture.store.taskEvents(taskId, 0, 100);
    const told = items.filter(({ type }) => type === "status_change").map(({ data }) => data.to);
    assert.deepEqual(told, ["queued", "in_progress", "completed"], "the restarts changed no status");
  });
}

test("what waits in a queue waits there after a restart, and goes out in its turn", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  const tasks = [await fixture.task(), await fixture.task(), await fixture.task({ priority: "urgent" })];
  for (const task of tasks) await fixture.dispatcher.dispatch(task, agentId);
  await fixture.crash();
  assert.equal((await fixture.view(agentId))?.queued, 2);
  await fixture.report(tasks[0] as string, "complete");
  await fixture.untilState(tasks[2] as string, "in_progress accepted");
  await fixture.crash();
  await fixture.report(tasks[2] as string, "complete");
  await fixture.untilState(tasks[1] as string, "in_progress accepted");
  const sent = fixture.gateway.calls.filter((call) => call.startsWith("dispatch"));
  assert.equal(sent.length, 3);
});

test("a queue left when the server died is served at the next start, though nothing else happens", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  const taskId = await fixture.task();
  await fixture.dispatcher.close();
  await fixture.change({ kind: "dispatch", taskId, agentId, newDispatchId: "dispatch_left" });
  assert.equal(await fixture.state(taskId), "queued queued");
  await fixture.crash();
  await fixture.untilState(taskId, "in_progress accepted");
});

test("an agent's side that knows nothing of the run any more loses the attempt", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  const taskId = await fixture.task();
  await fixture.dispatcher.dispatch(taskId, agentId);
  fixture.gateway.onSend = async () => ({ kind: "lost", reason: "The gateway was reset." });
  await fixture.crash();
  await fixture.untilState(taskId, "failed lost");
});

test("a run whose gateway cannot be reached after a restart is asked for again, not given up", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  const taskId = await fixture.task();
  await fixture.dispatcher.dispatch(taskId, agentId);
  fixture.gateway.onSend = async () => ({ kind: "unreachable", reason: "offline" });
  await fixture.crash();
  const tries = () => fixture.gateway.calls.filter((call) => call.startsWith("resume")).length;
  await fixture.until(() => tries() >= 3);
  assert.equal(await fixture.state(taskId), "in_progress accepted");
  const tried = tries();
  fixture.gateway.onSend = async () => ({ kind: "accepted" });
  await fixture.until(() => tries() > tried);
  await fixture.report(taskId, "complete");
  await fixture.untilState(taskId, "completed completed");
});

test("one that was being sent, and whose agent cannot be reached any more, is unknown: it may have been taken", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  const taskId = await fixture.task();
  fixture.gateway.onSend = never;
  void fixture.dispatcher.dispatch(taskId, agentId).catch(() => {});
  await fixture.untilState(taskId, "queued sending");
  await fixture.until(() => fixture.gateway.calls.length > 0);
  fixture.gateway.onSend = async () => ({ kind: "unreachable", reason: "Nobody there." });
  fixture.gateway.onCancel = () => Promise.reject(new Error("Nobody there."));
  await fixture.crash();
  await fixture.untilState(taskId, "queued unknown");
  assert.equal((await fixture.store.task(taskId))?.unknownReason, "Nobody there.");
});

test("a gateway that was removed loses what it ran, and says what to do", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  const taskId = await fixture.task();
  await fixture.dispatcher.dispatch(taskId, agentId);
  fixture.adapter = null;
  await fixture.crash();
  await fixture.untilState(taskId, "failed lost");
  assert.match((await fixture.store.task(taskId))?.error ?? "", /add it again/);
});

test("a run that had ended when the server died is settled by the next one", async (context) => {
  const fixture = await DispatchFixture.open(context, 1);
  const agentId = await fixture.agent();
  const taskId = await fixture.task();
  const { attempt } = await fixture.dispatcher.dispatch(taskId, agentId);
  const dispatchId = attempt?.id ?? "";
  await fixture.dispatcher.close();
  const run = { outcome: "failed" as const, text: "Out of memory.", at: new Date().toISOString() };
  await fixture.change({ kind: "run_ended", taskId, dispatchId, run });
  await fixture.crash();
  await fixture.untilState(taskId, "failed failed");
  assert.match((await fixture.store.task(taskId))?.error ?? "", /Out of memory/);
});

test("an adapter's note comes back to it after a restart", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  const taskId = await fixture.task();
  fixture.gateway.onSend = async ({ context: { remember } }) => {
    await remember({ runId: "run_1" });
    return { kind: "accepted" };
  };
  await fixture.dispatcher.dispatch(taskId, agentId);
  const note = Promise.withResolvers<unknown>();
  fixture.gateway.onSend = async ({ earlier }) => {
    note.resolve(earlier?.note);
    return { kind: "accepted" };
  };
  await fixture.crash();
  assert.deepEqual(await note.promise, { runId: "run_1" });
});

test("stopping in order leaves what is under way to the next start, and waits for no agent", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  const taskId = await fixture.task();
  fixture.gateway.onSend = ({ context: { signal } }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
  const dispatched = fixture.dispatcher.dispatch(taskId, agentId);
  await fixture.untilState(taskId, "queued sending");
  await fixture.until(() => fixture.gateway.calls.length > 0);
  await fixture.dispatcher.close();
  assert.equal((await dispatched).attempt?.state, "sending");
  fixture.gateway.onSend = async () => ({ kind: "accepted" });
  await fixture.crash();
  await fixture.untilState(taskId, "in_progress accepted");
  assert.equal(fixture.gateway.calls.filter((call) => call.startsWith("dispatch")).length, 1);
});
