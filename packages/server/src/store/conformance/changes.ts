import assert from "node:assert/strict";
import { test } from "node:test";
import type { Usage } from "@mission-control/protocol";
import { StoreUnavailableError } from "../store.ts";
import {
  callback,
  createTask,
  dispatchTo,
  type Engine,
  newEvent,
  plain,
  running,
  Subject,
  textOf,
} from "./engine.ts";

/** Changes are made whole, in order, told once they are durable, and never seen before. */
export function changes(engine: Engine): void {
  test("what is written at the same time is committed in the order it came, with ids without a gap", async () => {
    const subject = await Subject.open(engine);
    const { store } = subject;
    const settled: number[] = [];
    const all = Array.from({ length: 300 }, async (_, index) => {
      if (index % 3 === 0) await store.append([newEvent("gateway", { message: `${index}` })]);
      else await store.change(createTask(`t${index}`, { title: `${index}` }));
      settled.push(index);
    });
    await Promise.all(all);
    const expected = Array.from({ length: 300 }, (_, index) => index);
    assert.deepEqual(settled, expected);
    assert.deepEqual(
      subject.told.map(({ id }) => id),
      expected.map((index) => index + 1),
    );
    const log = await subject.log();
    assert.deepEqual(
      log.map(({ message }) => Number(message)),
      expected,
    );
    assert.equal(subject.told.map(({ frame }) => frame).join(""), await wholeLog(subject));
    await subject.discard();
  });

  test("nothing is seen before its commit, and all of it when the commit is told", async () => {
    const subject = await Subject.open(engine);
    const { store } = subject;
    const seen: unknown[] = [];
    store.onCommit(({ events }) => {
      seen.push(
        Promise.all([store.range(), store.task("t1")]).then(([range, task]) => [
          events.length,
          range,
          task?.id,
        ]),
      );
    });
    const written = store.change(createTask("t1"));
    const [early, earlyRange] = await Promise.all([store.task("t1"), store.range()]);
    assert.deepEqual([early, earlyRange], [null, { oldest: 0, newest: 0 }]);
    const result = await written;
    assert.equal(seen.length, 1, "told before the promise resolves");
    assert.deepEqual(await Promise.all(seen), [[1, { oldest: 1, newest: 1 }, "t1"]]);
    assert.deepEqual([result.eventId, result.taskStatus, result.task?.id], [1, "pending", "t1"]);
    await subject.discard();
  });

  test("a change that is refused leaves nothing, and says why", async () => {
    const subject = await Subject.open(engine);
    const unknown = await subject.change({ kind: "cancel", taskId: "none" });
    assert.deepEqual([unknown.refusal?.code, unknown.eventId, unknown.task], ["not_found", null, null]);
    await subject.change(createTask("t1"));
    const conflict = await subject.change({ kind: "approve", taskId: "t1" });
    assert.deepEqual([conflict.refusal?.code, conflict.task?.status], ["conflict", "pending"]);
    assert.deepEqual(await subject.store.range(), { oldest: 1, newest: 1 });
    await subject.discard();
  });

  test("a task, its attempts and what its agent must be told are there after a restart", async () => {
    const subject = await Subject.open(engine);
    await running(subject.store, "t1", "a1", "d1");
    await subject.change({ kind: "note", taskId: "t1", dispatchId: "d1", note: { runId: "r" } });
    await subject.change(callback("t1", "a1", { type: "progress", message: "on it", tokens: 7 }));
    await subject.change({ kind: "cancel", taskId: "t1" });
    await subject.change(dispatchTo("a2", "t1", "d2"));
    const { store } = subject;
    const picture = async () => ({
      task: plain(await subject.store.task("t1")),
      attempts: plain(await subject.store.attemptsOf("t1")),
      attempt: plain(await subject.store.attempt("d1")),
      commands: await subject.store.pendingCommands(),
      log: await subject.log(),
      range: await subject.store.range(),
      usage: await usageOf(subject),
      queues: await subject.store.queueLengths(),
    });
    const before = await picture();
    assert.deepEqual(
      before.attempts.map(({ id, state }) => [id, state]),
      [
        ["d1", "cancelled"],
        ["d2", "queued"],
      ],
    );
    assert.deepEqual(before.attempt?.note, { runId: "r" });
    assert.deepEqual(
      before.commands.map(({ dispatchId, command }) => [dispatchId, command]),
      [["d1", { kind: "cancel" }]],
    );
    assert.deepEqual(before.usage, { a1: { inputTokens: 7 } });
    assert.deepEqual(before.queues, new Map([["a2", 1]]));
    await subject.reopen();
    assert.notEqual(subject.store, store);
    assert.deepEqual(await picture(), before);
    const next = await subject.change(createTask("t2"));
    assert.equal(next.eventId, before.range.newest + 1, "ids go on where they were");
    await subject.discard();
  });

  test("every attempt a commit made or changed is told, as it was and as it is", async () => {
    const subject = await Subject.open(engine);
    await running(subject.store, "t1", "a1", "d1");
    await subject.change({ kind: "cancel", taskId: "t1" });
    const told = subject.commits.flatMap(({ attempts }) => attempts);
    assert.deepEqual(
      told.map(({ before, after }) => [before?.state ?? null, after.state]),
      [
        [null, "queued"],
        ["queued", "sending"],
        ["sending", "accepted"],
        ["accepted", "cancelled"],
      ],
    );
    const commands = subject.commits.flatMap((commit) => commit.commands);
    assert.deepEqual(commands, await subject.store.pendingCommands());
    for (const { id } of commands) await subject.store.commandDone(id);
    assert.deepEqual(await subject.store.pendingCommands(), []);
    await subject.discard();
  });

  test("a deleted task takes its attempts with it, and its callbacks are refused", async () => {
    const subject = await Subject.open(engine);
    await running(subject.store, "t1", "a1", "d1");
    await subject.change(callback("t1", "a1", { type: "complete", tokens: 3 }));
    const { newest } = await subject.store.range();
    await subject.change({ kind: "delete", taskId: "t1" });
    assert.deepEqual([await subject.store.task("t1"), await subject.store.attempt("d1")], [null, null]);
    assert.deepEqual(await subject.store.attemptsOf("t1"), []);
    assert.deepEqual(
      subject.commits.flatMap(({ deleted }) => deleted.map(({ id, state, usage }) => ({ id, state, usage }))),
      [{ id: "d1", state: "completed", usage: { inputTokens: 3 } }],
    );
    assert.deepEqual(await usageOf(subject), {});
    const late = await subject.change(callback("t1", "a1", { type: "progress" }));
    assert.deepEqual([late.refusal?.code, late.eventId], ["not_found", null]);
    assert.equal((await subject.store.range()).newest, newest + 1, "only the deletion was told");
    await subject.reopen();
    assert.deepEqual(await subject.store.attemptsOf("t1"), []);
    await subject.discard();
  });

  test("queues give the most urgent first, then the oldest, and only what waits", async () => {
    const subject = await Subject.open(engine);
    const order = ["normal", "low", "urgent", "high", "urgent", "normal"] as const;
    for (const [index, priority] of order.entries()) {
      await subject.change(createTask(`t${index}`, { priority }));
      await subject.change(dispatchTo("a1", `t${index}`, `d${index}`));
    }
    await running(subject.store, "other", "a2", "elsewhere");
    const queue = async (limit: number) =>
      (await subject.store.queuedAttempts("a1", limit)).map(({ id }) => id);
    assert.deepEqual(await queue(10), ["d2", "d4", "d3", "d0", "d5", "d1"]);
    assert.deepEqual(await queue(2), ["d2", "d4"]);
    await subject.change({ kind: "edit", taskId: "t1", fields: { priority: "urgent" } });
    await subject.change({ kind: "sending", taskId: "t2", dispatchId: "d2" });
    assert.deepEqual(await queue(10), ["d1", "d4", "d3", "d0", "d5"], "queued first, so first among equals");
    assert.deepEqual(await subject.store.queueLengths(), new Map([["a1", 5]]));
    const unfinished = await subject.store.unfinishedAttempts();
    assert.deepEqual(unfinished.map(({ id, state }) => `${id} ${state}`).sort(), [
      "d2 sending",
      "elsewhere accepted",
    ]);
    await subject.discard();
  });

  test("usage is summed over all attempts of an agent", async () => {
    const subject = await Subject.open(engine);
    for (const [index, agent] of ["a1", "a2", "a1"].entries()) {
      await running(subject.store, `t${index}`, agent, `d${index}`);
      await subject.change(callback(`t${index}`, agent, { type: "progress", tokens: 100 }));
      await subject.change(callback(`t${index}`, agent, { type: "complete", tokens: 10 + index }));
    }
    assert.deepEqual(await usageOf(subject), { a1: { inputTokens: 22 }, a2: { inputTokens: 11 } });
    await subject.discard();
  });

  test("records are written whole, read back, and removed with what tells it", async () => {
    const subject = await Subject.open(engine);
    const at = "2026-01-01T00:00:00.000Z";
    const agent = (id: string, name: string) => ({
      id,
      name,
      capabilities: ["code"],
      concurrency: 1,
      endpoint: { kind: "http" as const, url: "http://127.0.0.1:1/" },
      secret: "whsec_c2VjcmV0LW9mLXRoaXMtdGVzdC1hbG9uZSEh",
      createdAt: at,
      updatedAt: at,
    });
    await subject.store.put("agent", agent("a1", "one"), newEvent("agent", { agentId: "a1" }));
    await subject.store.put("agent", agent("a2", "two"));
    await subject.store.put("agent", agent("a1", "renamed"), newEvent("agent", { agentId: "a1" }));
    await subject.store.put("gateway", {
      id: "a1",
      name: "same id, another kind",
      url: "ws://x",
      createdAt: at,
    });
    await subject.reopen();
    assert.deepEqual(await subject.store.records("agent"), [agent("a1", "renamed"), agent("a2", "two")]);
    await subject.store.remove("agent", "a1", newEvent("agent", { agentId: "a1" }));
    await subject.store.remove("agent", "a1", newEvent("agent", { agentId: "a1" }));
    assert.deepEqual(await subject.store.records("agent"), [agent("a2", "two")]);
    assert.equal((await subject.store.records("gateway")).length, 1);
    assert.equal((await subject.store.range()).newest, 3, "removing what is not there tells nothing");
    await subject.discard();
  });

  test("closing commits what is in hand and refuses what comes later", async () => {
    const subject = await Subject.open(engine);
    const inHand = Array.from({ length: 50 }, (_, index) => subject.change(createTask(`t${index}`)));
    await subject.reopen();
    for (const result of await Promise.all(inHand)) assert.equal(result.taskStatus, "pending");
    assert.equal((await subject.log()).length, 50);
    await subject.store.close();
    await assert.rejects(subject.change(createTask("late")), StoreUnavailableError);
    subject.store = await engine.open(subject.place, () => new Date());
    assert.equal(await subject.store.task("late"), null);
    await subject.discard();
  });

  test("who stopped listening is not told", async () => {
    const subject = await Subject.open(engine);
    let heard = 0;
    const stop = subject.store.onCommit(() => heard++);
    await subject.change(createTask("t1"));
    stop();
    await subject.change(createTask("t2"));
    assert.equal(heard, 1);
    await subject.discard();
  });
}

async function wholeLog({ store }: Subject): Promise<string> {
  const { newest } = await store.range();
  let text = "";
  for (let after = 0; after < newest; ) {
    const { frames, lastId } = await store.frames({ after, upTo: newest, maxBytes: 1024 }, {});
    text += textOf(frames);
    after = lastId;
  }
  return text;
}

async function usageOf({ store }: Subject): Promise<Record<string, Usage | undefined>> {
  const sums = await store.usageByAgent();
  return Object.fromEntries([...sums].map(([agentId, sum]) => [agentId, sum.total]));
}
