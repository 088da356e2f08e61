import assert from "node:assert/strict";
import { test } from "node:test";
import type { DispatchPayload } from "@mission-control/protocol";
import { keptPayload } from "../../src/dispatch/payload.ts";
import type { Claimed } from "../../src/store/operations.ts";
import type { Lease, Store } from "../../src/store/store.ts";
import {
  callback,
  createTask,
  dispatchTo,
  type Engine,
  newEvent,
  register,
  running,
  Subject,
} from "./engine.ts";

/** Queued attempts are handed out in order, once, and never more of them than the agent takes. */
export function claims(engine: Engine): void {
  test("a claim hands out what the agent has slots for, most urgent first, then oldest first", async () => {
    const { subject, claim } = await open(engine, { a1: 2 });
    const order = ["normal", "low", "urgent", "high", "urgent", "normal"] as const;
    for (const [index, priority] of order.entries()) {
      await subject.change(createTask(`t${index}`, { priority }));
      await subject.change(dispatchTo("a1", `t${index}`, `d${index}`));
    }
    assert.deepEqual(await claim("a1"), ["d2", "d4"]);
    assert.deepEqual(await claim("a1"), [], "no slot is free");
    await subject.change(callback("t2", "a1", { type: "complete" }));
    await subject.change({ kind: "edit", taskId: "t1", fields: { priority: "urgent" } });
    assert.deepEqual(await claim("a1"), ["d1"], "urgent now, and queued before d3");
    await subject.change({ kind: "cancel", taskId: "t4" });
    await subject.change({ kind: "cancel", taskId: "t3" });
    await subject.change(callback("t1", "a1", { type: "complete" }));
    assert.deepEqual(await claim("a1"), ["d0", "d5"], "what was cancelled is not handed out");
    await subject.discard();
  });

  test("what is claimed comes with all that its payload is made of, and is being sent", async () => {
    const { subject, lease } = await open(engine, { a1: 1 });
    await subject.change(createTask("t1", { description: "long", context: { a: [1] } }));
    await subject.change(dispatchTo("a1", "t1", "d1"));
    const {
      claimed: [claimed],
    } = await subject.store.claim("a1", lease.token);
    assert.ok(claimed);
    assert.deepEqual(
      [claimed.task.description, claimed.task.context, claimed.agent.id],
      ["long", { a: [1] }, "a1"],
    );
    assert.equal(claimed.attempt.state, "sending");
    assert.deepEqual(await subject.store.attempt("d1"), claimed.attempt);
    const log = await subject.log();
    assert.deepEqual([log.at(-1)?.type, log.at(-1)?.data.state], ["dispatch", "sending"]);
    await subject.discard();
  });

  test("of dispatches, ends and claims that arrive together, each attempt is handed out once, within the limit", async () => {
    const { subject, lease } = await open(engine, { a1: 3, a2: 1 });
    const { store } = subject;
    const tasks = Array.from({ length: 24 }, (_, index) => `t${index}`);
    await Promise.all(tasks.map((id) => subject.change(createTask(id))));
    const claimed: string[] = [];
    let underWay = 0;
    let most = 0;
    const work = async (taskId: string, index: number) => {
      const agentId = index % 4 === 0 ? "a2" : "a1";
      const dispatched = subject.change(dispatchTo(agentId, taskId, `d-${taskId}`));
      const { claimed: taken } = await store.claim(agentId, lease.token);
      await dispatched;
      for (const { attempt } of taken) {
        claimed.push(attempt.id);
        if (attempt.agentId === "a1") most = Math.max(most, ++underWay);
      }
      for (const { attempt } of taken) {
        if (attempt.agentId === "a1") underWay--;
        await subject.change(callback(attempt.taskId, attempt.agentId, { type: "complete" }));
      }
    };
    await Promise.all(tasks.map(work));
    for (let round = 0; claimed.length < tasks.length; round++) {
      assert.ok(round < tasks.length, "every round hands out at least one");
      for (const agentId of ["a1", "a2"]) {
        for (const { attempt } of (await store.claim(agentId, lease.token)).claimed) {
          claimed.push(attempt.id);
          await subject.change(callback(attempt.taskId, agentId, { type: "complete" }));
        }
      }
    }
    assert.equal(new Set(claimed).size, claimed.length, "none was handed out twice");
    assert.ok(most <= 3, `${most} under way`);
    await checkLimit(subject, { a1: 3, a2: 1 });
    await subject.discard();
  });

  test("a dispatch and a claim made at the same time are one step", async () => {
    const { subject, lease } = await open(engine, { a1: 1 });
    await subject.change(createTask("t1"));
    const dispatched = subject.change(dispatchTo("a1", "t1", "d1"));
    const { claimed } = await subject.store.claim("a1", lease.token);
    await dispatched;
    assert.deepEqual(
      claimed.map(({ attempt }) => attempt.id),
      ["d1"],
    );
    await subject.discard();
  });

  test("what is kept of a payload is that of the last claim, and goes with its task", async () => {
    const { subject, lease } = await open(engine, { a1: 1 });
    await subject.change(createTask("t1", { title: "First \u0000" }));
    await subject.change(dispatchTo("a1", "t1", "d1"));
    const keep = (claimed: Claimed) => ({ kind: "http", payload: dispatchPayloadOf(claimed) }) as const;
    const claim = () => subject.store.claim("a1", lease.token, keep);
    const title = async () => (await subject.store.sentPayload("t1", "d1"))?.payload.task.title;
    assert.equal(await title(), undefined);
    const { claimed } = await claim();
    assert.equal(await title(), "First \u0000");
    await subject.change({ kind: "edit", taskId: "t1", fields: { title: "Second" } });
    assert.equal(await title(), "First \u0000");
    await subject.change({ kind: "unsent", taskId: "t1", dispatchId: "d1" });
    await claim();
    await subject.reopen();
    assert.equal(await title(), "Second");
    assert.equal(await subject.store.sentPayload("t2", "d1"), null);
    assert.equal(claimed.length, 1);
    await subject.change({ kind: "cancel", taskId: "t1" });
    await subject.change({ kind: "delete", taskId: "t1" });
    assert.equal(await title(), undefined);
    await subject.discard();
  });

  test("what waits for an agent that is gone ends, with the reason", async () => {
    const { subject, claim } = await open(engine, { a1: 1 });
    for (const index of [1, 2]) {
      await subject.change(createTask(`t${index}`));
      await subject.change(dispatchTo("a1", `t${index}`, `d${index}`));
    }
    await subject.store.edit("agent", "a1", () => ({
      record: null,
      event: newEvent("agent", { agentId: "a1" }),
    }));
    assert.deepEqual(await claim("a1"), []);
    for (const index of [1, 2]) {
      const task = await subject.store.task(`t${index}`);
      assert.deepEqual([task?.status, task?.error], ["failed", "The agent was deleted."]);
    }
    await subject.discard();
  });

  test("what was under way before a restart still takes its slot", async () => {
    const { subject } = await open(engine, { a1: 2 });
    await running(subject.store, "t1", "a1", "d1");
    for (const index of [2, 3]) {
      await subject.change(createTask(`t${index}`));
      await subject.change(dispatchTo("a1", `t${index}`, `d${index}`));
    }
    await subject.reopen();
    const lease = await leaseOf(subject.store);
    const { claimed } = await subject.store.claim("a1", lease.token);
    assert.deepEqual(
      claimed.map(({ attempt }) => attempt.id),
      ["d2"],
    );
    await subject.discard();
  });
}

function dispatchPayloadOf(claimed: Claimed): DispatchPayload {
  const { payload } = keptPayload({ publicUrl: () => "http://127.0.0.1:1" }, claimed);
  return payload;
}

async function open(engine: Engine, agents: Record<string, number>) {
  const subject = await Subject.open(engine);
  for (const [id, concurrency] of Object.entries(agents)) await register(subject.store, id, concurrency);
  const lease = await leaseOf(subject.store);
  const claim = async (agentId: string) =>
    (await subject.store.claim(agentId, lease.token)).claimed.map(({ attempt }) => attempt.id);
  return { subject, lease, claim };
}

function leaseOf(store: Store): Promise<Lease> {
  return store.lease("queues", new AbortController().signal);
}

/** As the log tells it, no agent ever has more under way than it takes. */
async function checkLimit(subject: Subject, limits: Record<string, number>): Promise<void> {
  const underWay = new Map<string, Set<string>>();
  for (const { change } of await subject.followed()) {
    for (const { after } of change?.attempts ?? []) {
      if (!after) continue;
      const ids = underWay.get(after.agentId) ?? new Set();
      underWay.set(after.agentId, ids);
      if (["sending", "accepted", "running"].includes(after.state)) ids.add(after.id);
      else ids.delete(after.id);
      assert.ok(ids.size <= (limits[after.agentId] ?? 0), `${after.agentId} has ${ids.size} under way`);
    }
  }
}
