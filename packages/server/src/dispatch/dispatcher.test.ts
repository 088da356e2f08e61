import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { deriveDispatchSecret, type Usage } from "@mission-control/protocol";
import { dispatchTo } from "../../test/conformance/engine.ts";
import { DispatchFixture } from "../../test/support/dispatch-fixture.ts";
import { AgentDouble } from "../../test/support/server-process.ts";
import { AgentBusyError } from "../agents/agent-editor.ts";
import type { DispatchOutcome } from "../gateways/gateway.ts";
import { HttpGateway } from "../gateways/http/http-gateway.ts";
import { StoreUnavailableError } from "../store/store.ts";
import type { TaskChange } from "../tasks/change.ts";

test("a dispatch answers once the agent's side accepted, with the payload of the contract", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  const taskId = await fixture.task({ title: "Build", description: "it", tags: ["x"], context: { a: 1 } });
  const { task, attempt } = await fixture.dispatcher.dispatch(taskId, agentId);
  assert.deepEqual([task?.status, attempt?.state], ["in_progress", "accepted"]);
  const [payload] = fixture.gateway.payloads;
  assert.deepEqual(payload, {
    version: 1,
    dispatchId: attempt?.id,
    attempt: 1,
    task: {
      id: taskId,
      title: "Build",
      description: "it",
      priority: "normal",
      tags: ["x"],
      context: { a: 1 },
      feedback: null,
    },
    agent: { id: agentId, name: "Agent", capabilities: [] },
    callback: {
      url: `http://127.0.0.1:4000/api/webhooks/callback/${attempt?.id}`,
      secret: deriveDispatchSecret(Buffer.alloc(32), attempt?.id ?? ""),
      scheme: "standard-webhooks",
    },
    dispatchedAt: attempt?.sentAt,
  });
});

for (const [kind, state] of [
  ["rejected", "rejected"],
  ["unreachable", "failed"],
  ["lost", "lost"],
] as const) {
  test(`an agent that is ${kind} fails the task with the reason, and the task can go out again`, async (context) => {
    const fixture = await DispatchFixture.open(context);
    const agentId = await fixture.agent();
    const taskId = await fixture.task();
    fixture.gateway.onSend = async () => ({ kind, reason: "No room." });
    const { task, attempt } = await fixture.dispatcher.dispatch(taskId, agentId);
    assert.deepEqual([task?.status, task?.error, attempt?.state], ["failed", "No room.", state]);
    fixture.gateway.onSend = async () => ({ kind: "accepted" });
    const again = await fixture.dispatcher.dispatch(taskId, agentId);
    assert.deepEqual([again.task?.status, again.attempt?.number], ["in_progress", 2]);
  });
}

test("an adapter that throws holds nobody up; whether it had sent, nobody knows", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  fixture.gateway.onSend = async () => {
    throw new TypeError("a fault of ours");
  };
  const { task, attempt } = await fixture.dispatcher.dispatch(await fixture.task(), agentId);
  assert.equal(attempt?.state, "unknown");
  assert.match(task?.unknownReason ?? "", /a fault of ours/);
});

test("an agent gets as many at a time as it takes, the most urgent first", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent(2);
  const priorities = ["low", "normal", "urgent", "high", "urgent", "low"] as const;
  const tasks: string[] = [];
  for (const priority of priorities) tasks.push(await fixture.task({ priority, title: priority }));
  const results = [];
  for (const task of tasks) results.push(await fixture.dispatcher.dispatch(task, agentId));
  assert.deepEqual(
    results.map(({ task }) => task?.status),
    ["in_progress", "in_progress", "queued", "queued", "queued", "queued"],
  );
  assert.equal((await fixture.view(agentId))?.status, "busy");
  const sent = () => fixture.gateway.payloads.map(({ task }) => tasks.indexOf(task.id));
  for (const [index, done] of [0, 1, 2, 4, 3, 5].entries()) {
    await fixture.report(tasks[done] as string, "complete");
    // One slot at a time: of two attempts that are handed out together, either may arrive first.
    await fixture.until(() => sent().length === Math.min(6, 3 + index));
    const view = await fixture.view(agentId);
    assert.ok((view?.running ?? 9) <= 2);
  }
  assert.deepEqual(sent(), [0, 1, 2, 4, 3, 5]);
  const idle = await fixture.view(agentId);
  assert.deepEqual([idle?.running, idle?.queued], [0, 0]);
});

test("never more are under way than the agent takes, however they end", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent(3);
  let most = 0;
  let underWay = 0;
  const full = Promise.withResolvers<void>();
  const outcomes: DispatchOutcome[] = [
    { kind: "accepted" },
    { kind: "rejected", reason: "no" },
    { kind: "unreachable", reason: "no" },
  ];
  fixture.gateway.onSend = async ({ payload }) => {
    most = Math.max(most, ++underWay);
    // The first ones wait for each other, so that all its slots are in use at some time.
    if (underWay === 3) full.resolve();
    await full.promise;
    const outcome = outcomes[Number(payload.task.id.split("_")[1]) % 3] as DispatchOutcome;
    if (outcome.kind !== "accepted") underWay--;
    return outcome;
  };
  const tasks = await Promise.all(Array.from({ length: 30 }, () => fixture.task()));
  const dispatched = tasks.map((task) => fixture.dispatcher.dispatch(task, agentId));
  const over = ["completed", "failed"];
  for (let left = tasks.length; left > 0; ) {
    left = 0;
    for (const task of tasks) {
      const [status, state] = (await fixture.state(task)).split(" ");
      if (state === "accepted") {
        underWay--;
        await fixture.report(task, "complete");
      }
      if (!over.includes(status as string)) left++;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(dispatched);
  assert.equal(most, 3);
  assert.equal(new Set(fixture.gateway.calls).size, 30, "each was sent once");
  assert.equal(fixture.gateway.calls.length, 30);
});

test("of several dispatches of one task at a time, one counts", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agents = await Promise.all([fixture.agent(), fixture.agent()]);
  const taskId = await fixture.task();
  const results = await Promise.all(
    [0, 1, 0, 1, 0].map((index) => fixture.dispatcher.dispatch(taskId, agents[index] as string)),
  );
  assert.equal(results.filter(({ refusal }) => !refusal).length, 1);
  assert.deepEqual(
    results.map(({ refusal }) => refusal?.code).filter((code) => code !== undefined),
    Array(4).fill("conflict"),
  );
  assert.equal(fixture.gateway.calls.length, 1);
});

test("a cancel while it is being sent stops the sending, and the agent is told after it", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  const taskId = await fixture.task();
  const sending = Promise.withResolvers<AbortSignal>();
  const returns = Promise.withResolvers<DispatchOutcome>();
  fixture.gateway.onSend = ({ context: { signal } }) => {
    sending.resolve(signal);
    return returns.promise;
  };
  const dispatched = fixture.dispatcher.dispatch(taskId, agentId);
  const signal = await sending.promise;
  const cancelled = await fixture.dispatcher.cancel(taskId);
  assert.equal(cancelled.task?.status, "cancelled");
  await fixture.until(() => signal.aborted);
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(fixture.gateway.calls.length, 1, "not told before the sending ended");
  returns.resolve({ kind: "accepted" });
  const { task } = await dispatched;
  assert.equal(task?.status, "cancelled");
  await fixture.until(async () => (await fixture.store.pendingCommands()).length === 0);
  const id = fixture.gateway.payloads[0]?.dispatchId;
  assert.deepEqual(fixture.gateway.calls, [`dispatch ${id}`, `cancel ${id}`]);
  assert.equal(await fixture.state(taskId), "cancelled cancelled");
});

test("a task cancelled in the queue never goes out", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  const [first, second] = [await fixture.task(), await fixture.task()];
  await fixture.dispatcher.dispatch(first, agentId);
  await fixture.dispatcher.dispatch(second, agentId);
  await fixture.dispatcher.cancel(second);
  await fixture.report(first, "complete");
  await fixture.restart();
  assert.equal(fixture.gateway.calls.length, 1);
  assert.equal(await fixture.state(second), "cancelled cancelled");
});

test("an agent that cannot be told is told again, also by the next process", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  const taskId = await fixture.task();
  await fixture.dispatcher.dispatch(taskId, agentId);
  fixture.gateway.onCancel = async () => {
    throw new Error("offline");
  };
  await fixture.dispatcher.cancel(taskId);
  const told = () => fixture.gateway.calls.filter((call) => call.startsWith("cancel")).length;
  await fixture.until(() => told() === 1);
  await fixture.restart();
  await fixture.until(() => told() === 2);
  assert.equal((await fixture.store.pendingCommands()).length, 1);
  fixture.gateway.onCancel = async () => {};
  await fixture.crash();
  await fixture.until(async () => (await fixture.store.pendingCommands()).length === 0);
  assert.equal(told(), 3);
  await fixture.restart();
  assert.equal(told(), 3, "and not once more");
});

test("the answer to a permission request reaches the agent", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  const taskId = await fixture.task();
  await fixture.dispatcher.dispatch(taskId, agentId);
  const request = { id: "r1", title: "May I?", options: [{ optionId: "allow", name: "Allow" }] };
  const said = { taskId, agentId, type: "permission" as const, request };
  await fixture.change({ kind: "callback", taskId, callback: said, at: new Date().toISOString() });
  await fixture.dispatcher.answerPermission(taskId, "r1", { optionId: "allow" });
  await fixture.until(async () => (await fixture.store.pendingCommands()).length === 0);
  assert.match(fixture.gateway.calls.at(-1) ?? "", /^answer dispatch_\w+ r1=allow$/);
});

test("what a gateway sees of a run becomes activity; its end settles the attempt after the grace time", async (context) => {
  const fixture = await DispatchFixture.open(context, 1);
  const agentId = await fixture.agent();
  const taskId = await fixture.task();
  const { attempt } = await fixture.dispatcher.dispatch(taskId, agentId);
  const dispatchId = attempt?.id ?? "";
  const at = new Date();
  fixture.dispatcher.onRunEvent({ kind: "activity", dispatchId, message: "thinking", data: { n: 1 }, at });
  fixture.dispatcher.onRunEvent({ kind: "ended", dispatchId, outcome: "completed", text: "Done.", at });
  fixture.dispatcher.onRunEvent({ kind: "activity", dispatchId: "unknown", message: "?", data: {}, at });
  await fixture.untilState(taskId, "completed completed");
  const { items } = await fixture.store.taskEvents(taskId, 0, 50);
  const told = items.filter(({ data }) => data.source === "gateway");
  assert.deepEqual(
    told.map(({ type, message, data }) => [type, message, data.inferred ?? false]),
    [
      ["activity", "thinking", false],
      ["activity", "Done.", false],
      ["complete", "Done.", true],
    ],
  );
});

test("an agent's own word within the grace time counts, not the gateway's", async (context) => {
  const graceMs = 3_600_000;
  const fixture = await DispatchFixture.open(context, graceMs);
  const agentId = await fixture.agent();
  const taskId = await fixture.task();
  const { attempt } = await fixture.dispatcher.dispatch(taskId, agentId);
  const dispatchId = attempt?.id ?? "";
  const grace = Promise.withResolvers<() => void>();
  const later = global.setTimeout;
  // The grace time is over when the test says so; every other time is as long as it is.
  context.mock.method(global, "setTimeout", (then: () => void, ms?: number) => {
    if (ms === graceMs) grace.resolve(then);
    return later(then, ms);
  });
  fixture.dispatcher.onRunEvent({
    kind: "ended",
    dispatchId,
    outcome: "completed",
    text: "",
    at: new Date(),
  });
  const isOver = await grace.promise;
  await fixture.report(taskId, "error");
  isOver();
  // What it decided is written before what comes after it.
  await fixture.task();
  assert.equal(await fixture.state(taskId), "failed failed");
  const { items } = await fixture.store.taskEvents(taskId, 0, 50);
  assert.deepEqual(items.filter(({ type }) => type === "complete" || type === "error").length, 1);
});

test("a run a gateway has lost fails its task", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  const taskId = await fixture.task();
  const { attempt } = await fixture.dispatcher.dispatch(taskId, agentId);
  const dispatchId = attempt?.id ?? "";
  fixture.dispatcher.onRunEvent({
    kind: "lost",
    dispatchId,
    reason: "The gateway forgot it.",
    at: new Date(),
  });
  await fixture.untilState(taskId, "failed lost");
});

test("a queue whose agent is deleted meanwhile does not wait for ever", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  const [first, second] = [await fixture.task(), await fixture.task({ requiresReview: true })];
  const [removed, dispatched] = await Promise.all([
    fixture.agentEditor.remove(agentId),
    fixture.dispatcher.dispatch(first, agentId),
  ]);
  assert.equal(removed, true);
  assert.equal(dispatched.task?.status, "failed");
  assert.match(dispatched.task?.error ?? "", /deleted/);
  const other = await fixture.agent();
  await fixture.dispatcher.dispatch(second, other);
  await fixture.report(second, "complete");
  await fixture.agentEditor.remove(other);
  await fixture.dispatcher.reject(second, "Again.");
  await fixture.untilState(second, "failed failed");
});

test("an agent that was dispatched to a moment before is not deleted", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  const taskId = await fixture.task();
  // In the same commit.
  const queueing = fixture.change(dispatchTo(agentId, taskId, "d1"));
  await assert.rejects(fixture.agentEditor.remove(agentId), AgentBusyError);
  assert.equal((await queueing).attempt?.state, "queued");
  await fixture.untilState(taskId, "in_progress accepted");
  assert.equal((await fixture.view(agentId))?.running, 1);
});

test("an agent that takes more, or is pointed elsewhere, is served at once; two edits at a time both count", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent(1);
  const tasks = [await fixture.task(), await fixture.task()];
  for (const task of tasks) await fixture.dispatcher.dispatch(task, agentId);
  await Promise.all([
    fixture.agentEditor.update(agentId, { concurrency: 2 }),
    fixture.agentEditor.update(agentId, { name: "Renamed" }),
  ]);
  await fixture.untilState(tasks[1] as string, "in_progress accepted");
  const view = await fixture.view(agentId);
  assert.deepEqual([view?.name, view?.concurrency], ["Renamed", 2]);
  await fixture.restart();
  const kept = await fixture.view(agentId);
  assert.deepEqual([kept?.name, kept?.concurrency, kept?.running], ["Renamed", 2, 2]);
});

test("an agent's usage is the same counted live and read back, also when a total is corrected", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent(2);
  const tasks = [await fixture.task(), await fixture.task()];
  for (const task of tasks) await fixture.dispatcher.dispatch(task, agentId);
  const cost = (amount: number) => ({ amount, currency: "USD" });
  const totals = [
    { inputTokens: 10, outputTokens: 4, cost: cost(2) },
    { inputTokens: 30, outputTokens: 5, cost: cost(3) },
    { inputTokens: 20, cost: cost(1) },
  ];
  for (const taskId of tasks) {
    for (const usage of totals) {
      const said = { taskId, agentId, type: "progress" as const, usage };
      await fixture.change({ kind: "callback", taskId, callback: said, at: new Date().toISOString() });
    }
  }
  const { outputTokens = 0, ...live } = (await fixture.view(agentId))?.usage ?? {};
  assert.deepEqual([live, outputTokens], [{ inputTokens: 40, cost: cost(2) }, 0]);
  await fixture.restart();
  assert.deepEqual((await fixture.view(agentId))?.usage, live);
});

test("an agent's usage is the same counted live and read back, in several currencies and without deleted tasks", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent(3);
  const costs = [
    { amount: 0.1, currency: "USD" },
    { amount: 0.2, currency: "USD" },
    { amount: 5, currency: "EUR" },
  ];
  const tasks: string[] = [];
  for (const cost of costs) {
    const taskId = await fixture.task();
    tasks.push(taskId);
    await fixture.dispatcher.dispatch(taskId, agentId);
    const said = { taskId, agentId, type: "complete" as const, usage: { inputTokens: 10, cost } };
    await fixture.change({ kind: "callback", taskId, callback: said, at: new Date().toISOString() });
  }
  const isNow = async (usage: Usage | undefined) => {
    assert.deepEqual((await fixture.view(agentId))?.usage, usage);
    await fixture.restart();
    assert.deepEqual((await fixture.view(agentId))?.usage, usage);
  };
  await isNow({ inputTokens: 30 });
  await fixture.change({ kind: "delete", taskId: tasks[2] as string });
  await isNow({ inputTokens: 20, cost: { amount: 0.3, currency: "USD" } });
  for (const taskId of tasks.slice(0, 2)) await fixture.change({ kind: "delete", taskId });
  await isNow(undefined);
});

test("while the store cannot write, nothing is sent and nothing hangs; the queue goes on when it can", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  const taskId = await fixture.task();
  const refusals = refuse(context, fixture, "claim");
  const { task } = await fixture.dispatcher.dispatch(taskId, agentId);
  assert.equal(task?.status, "queued");
  await fixture.until(() => refusals.count > 2);
  await fixture.until(() => fixture.errors.length > 0);
  assert.deepEqual(fixture.gateway.calls, []);
  refusals.end();
  await fixture.untilState(taskId, "in_progress accepted");
  assert.equal(fixture.gateway.calls.length, 1);
});

test("what was claimed and cannot be read again goes back to the queue, and out once it can", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const agentId = await fixture.agent();
  const taskId = await fixture.task();
  const { attempt } = fixture.store;
  let failures = 1;
  context.mock.method(fixture.store, "attempt", (...args: Parameters<typeof attempt>) =>
    failures-- > 0
      ? Promise.reject(new StoreUnavailableError("The disk cannot be read."))
      : attempt.apply(fixture.store, args),
  );
  await fixture.dispatcher.dispatch(taskId, agentId);
  await fixture.untilState(taskId, "in_progress accepted");
  assert.equal(fixture.gateway.calls.length, 1);
});

for (const [outcome, state] of [
  [{ kind: "accepted" }, "in_progress accepted"],
  [{ kind: "rejected", reason: "No room." }, "failed rejected"],
] as const) {
  test(`that a dispatch was ${outcome.kind} is written as soon as the store can, and sent once`, async (context) => {
    const fixture = await DispatchFixture.open(context);
    fixture.gateway.onSend = async () => outcome;
    const refusals = refuse(context, fixture, "accepted", "undelivered");
    const taskId = await fixture.task();
    const { attempt } = await fixture.dispatcher.dispatch(taskId, await fixture.agent());
    assert.equal(attempt?.state, "sending", "who asked is answered meanwhile");
    await fixture.until(() => refusals.count > 2);
    assert.equal(await fixture.state(taskId), "queued sending");
    refusals.end();
    await fixture.untilState(taskId, state);
    assert.equal(fixture.gateway.calls.length, 1);
  });
}

test("a cancel counts, though that the dispatch was accepted could not be written before it", async (context) => {
  const fixture = await DispatchFixture.open(context);
  const refusals = refuse(context, fixture, "accepted");
  const taskId = await fixture.task();
  await fixture.dispatcher.dispatch(taskId, await fixture.agent());
  await fixture.dispatcher.cancel(taskId);
  refusals.end();
  await fixture.until(() => refusals.passed > 0);
  assert.equal(await fixture.state(taskId), "cancelled cancelled");
});

test("the end of a run is written as soon as the store can", async (context) => {
  const fixture = await DispatchFixture.open(context, 1);
  const taskId = await fixture.task();
  const { attempt } = await fixture.dispatcher.dispatch(taskId, await fixture.agent());
  const refusals = refuse(context, fixture, "run_ended");
  const ended = { kind: "ended", outcome: "completed", text: "Done.", at: new Date() } as const;
  fixture.dispatcher.onRunEvent({ ...ended, dispatchId: attempt?.id ?? "" });
  await fixture.until(() => refusals.count > 1);
  refusals.end();
  await fixture.untilState(taskId, "completed completed");
});

test("over a real socket: accepted, refused in words, cancelled, and never sent twice by a restart", async (context) => {
  const agent = await AgentDouble.start();
  context.after(() => agent.close());
  const gateway = new HttpGateway({ backoff: { firstMs: 1, longestMs: 1 } });
  const fixture = await DispatchFixture.open(context);
  fixture.adapter = gateway;
  context.after(() => gateway.close());
  const agentId = await fixture.agent(1, agent.url);
  const nobody = await fixture.agent(1, "http://127.0.0.1:9/");
  const taskId = await fixture.task();
  const { task, attempt } = await fixture.dispatcher.dispatch(taskId, agentId);
  assert.equal(task?.status, "in_progress");
  assert.equal(agent.payloads[0]?.dispatchId, attempt?.id);
  const refused = await fixture.dispatcher.dispatch(await fixture.task(), nobody);
  assert.equal(refused.task?.status, "failed");
  await fixture.restart();
  await fixture.crash();
  assert.equal(agent.received.length, 1);
  await fixture.dispatcher.cancel(taskId);
  await fixture.until(() => agent.received.length === 2);
  assert.deepEqual(
    agent.received.map(({ method, path }) => [method, path]),
    [
      ["POST", "/"],
      ["DELETE", `/${attempt?.id}`],
    ],
  );
});

/** Lets the store refuse changes of some kinds, as a full disk does. */
function refuse(
  context: TestContext,
  { store }: DispatchFixture,
  ...kinds: (TaskChange["kind"] | "claim")[]
) {
  const refusals = {
    count: 0,
    passed: 0,
    isOn: true,
    end() {
      this.isOn = false;
    },
  };
  const pass = async <Result>(write: () => Promise<Result>): Promise<Result> => {
    if (refusals.isOn) {
      refusals.count++;
      throw new StoreUnavailableError("The disk is full.");
    }
    const result = await write();
    refusals.passed++;
    return result;
  };
  const { change, claim } = store;
  context.mock.method(store, "change", (...args: Parameters<typeof change>) =>
    kinds.includes(args[0].kind) ? pass(() => change.apply(store, args)) : change.apply(store, args),
  );
  context.mock.method(store, "claim", (...args: Parameters<typeof claim>) =>
    kinds.includes("claim") ? pass(() => claim.apply(store, args)) : claim.apply(store, args),
  );
  return refusals;
}
