import assert from "node:assert/strict";
import { test } from "node:test";
import type { Usage } from "@mission-control/protocol";
import type { AgentRecord } from "../../src/store/records.ts";
import { type LogEntry, StoreUnavailableError } from "../../src/store/store.ts";
import {
  callback,
  createTask,
  dispatchTo,
  type Engine,
  newEvent,
  picture,
  plain,
  register,
  running,
  Subject,
  textOf,
} from "./engine.ts";

/** Changes are made whole, in order, told once they are durable, and never seen before. */
export function changes(engine: Engine): void {
  test("what is written at the same time is committed in the order it came, with ids without a gap", async () => {
    const subject = await Subject.open(engine);
    const { store } = subject;
    const all = Array.from({ length: 300 }, async (_, index) => {
      if (index % 3 === 0) return store.append([newEvent("gateway", { message: `${index}` })]);
      return (await store.change(createTask(`t${index}`, { title: `${index}` }))).eventId;
    });
    const expected = Array.from({ length: 300 }, (_, index) => index);
    assert.deepEqual(
      await Promise.all(all),
      expected.map((index) => index + 1),
    );
    const followed = await subject.followed();
    assert.deepEqual(
      followed.map(({ id }) => id),
      expected.map((index) => index + 1),
    );
    const log = await subject.log();
    assert.deepEqual(
      log.map(({ message }) => Number(message)),
      expected,
    );
    assert.equal(followed.map(({ frame }) => frame).join(""), await wholeLog(subject));
    await subject.discard();
  });

  test("nothing is seen before its commit, and all of it when the log tells it", async () => {
    const subject = await Subject.open(engine);
    const { store } = subject;
    const seen = Promise.withResolvers<unknown>();
    store.follow(0, (entries) => {
      seen.resolve(
        Promise.all([store.range(), store.task("t1")]).then(([range, task]) => [
          entries.map(({ id }) => id),
          range,
          task?.id,
        ]),
      );
    });
    const written = store.change(createTask("t1"));
    const [early, earlyRange] = await Promise.all([store.task("t1"), store.range()]);
    // Over a network, the question may come after the commit that was under way.
    if (!engine.isSlow) assert.deepEqual([early, earlyRange], [null, { oldest: 0, newest: 0 }]);
    const result = await written;
    assert.deepEqual(await seen.promise, [[1], { oldest: 1, newest: 1 }, "t1"]);
    assert.deepEqual([result.eventId, result.taskStatus, result.task?.id], [1, "pending", "t1"]);
    await subject.discard();
  });

  test("who follows from any position gets each entry after it once, in order, and what it changed", async () => {
    const subject = await Subject.open(engine);
    const { store } = subject;
    await register(store, "a1");
    await running(store, "t1", "a1", "d1");
    await subject.change(callback("t1", "a1", { type: "progress", tokens: 3 }));
    const whole = await subject.followed();
    for (let after = 0; after <= whole.length; after++) {
      const followed: LogEntry[] = [];
      const last = Promise.withResolvers<void>();
      const mark = `after ${after}`;
      const follower = store.follow(after, (entries) => {
        followed.push(...entries);
        if (entries.some(({ frame }) => frame.includes(mark))) last.resolve();
      });
      await store.append([newEvent("gateway", { message: mark })]);
      await last.promise;
      follower.close();
      const expected = (await subject.followed()).slice(after);
      assert.deepEqual(asGiven(followed), asGiven(expected));
    }
    await subject.reopen();
    const again: LogEntry[] = [];
    const all = await subject.followed();
    const until = Promise.withResolvers<void>();
    subject.store.follow(0, (entries) => {
      again.push(...entries);
      if (again.length >= all.length) until.resolve();
    });
    await until.promise;
    assert.deepEqual(asGiven(again), asGiven(all), "also what an earlier process wrote");
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
    const whole = async () => ({
      task: plain(await subject.store.task("t1")),
      attempts: plain(await subject.store.attemptsOf("t1")),
      attempt: plain(await subject.store.attempt("d1")),
      log: await subject.log(),
      range: await subject.store.range(),
      snapshot: plain(await subject.store.snapshot()),
      work: picture(await subject.store.snapshot()),
    });
    const before = await whole();
    assert.deepEqual(
      before.attempts.map(({ id, state }) => [id, state]),
      [
        ["d1", "cancelled"],
        ["d2", "queued"],
      ],
    );
    assert.deepEqual(before.attempt?.note, { runId: "r" });
    assert.deepEqual(
      (await subject.store.pendingCommands()).map(({ dispatchId, command }) => [dispatchId, command]),
      [["d1", { kind: "cancel" }]],
    );
    assert.deepEqual(before.work, {
      underWay: [],
      queueLengths: new Map([["a2", 1]]),
      usage: { a1: { inputTokens: 7 } },
      commands: await subject.store.pendingCommands(),
    });
    assert.equal(before.snapshot.lastEventId, before.range.newest);
    await subject.reopen();
    assert.notEqual(subject.store, store);
    assert.deepEqual(await whole(), before);
    const next = await subject.change(createTask("t2"));
    assert.equal(next.eventId, before.range.newest + 1, "ids go on where they were");
    await subject.discard();
  });

  test("every attempt a commit made or changed is in the log, as it was and as it is", async () => {
    const subject = await Subject.open(engine);
    await running(subject.store, "t1", "a1", "d1");
    await subject.change({ kind: "cancel", taskId: "t1" });
    const steps = (await subject.followed()).flatMap(({ change }) => change?.attempts ?? []);
    assert.deepEqual(
      steps.map(({ before, after }) => [before?.state ?? null, after?.state]),
      [
        [null, "queued"],
        ["queued", "sending"],
        ["sending", "accepted"],
        ["accepted", "cancelled"],
      ],
    );
    const commands = subject.entries.flatMap(({ change }) => change?.commands ?? []);
    assert.equal(commands.length, 1);
    assert.deepEqual(commands, await subject.store.pendingCommands());
    for (const { id } of commands) {
      assert.equal(await subject.store.isCommandPending(id), true);
      await subject.store.commandDone(id);
      assert.equal(await subject.store.isCommandPending(id), false);
    }
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
    const { change } = (await subject.followed()).at(-1) as LogEntry;
    assert.deepEqual(
      change?.attempts?.map(({ before, after }) => [before?.id, before?.state, before?.usage, after]),
      [["d1", "completed", { inputTokens: 3 }, null]],
    );
    assert.deepEqual((await subject.store.snapshot()).usageByAgent, new Map());
    const late = await subject.change(callback("t1", "a1", { type: "progress" }));
    assert.deepEqual([late.refusal?.code, late.eventId], ["not_found", null]);
    assert.equal((await subject.store.range()).newest, newest + 1, "only the deletion was told");
    await subject.reopen();
    assert.deepEqual(await subject.store.attemptsOf("t1"), []);
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
    const put = (record: AgentRecord) =>
      subject.store.edit("agent", record.id, () => ({
        record,
        event: newEvent("agent", { agentId: record.id }),
      }));
    const written = await put(agent("a1", "one"));
    assert.deepEqual(written, { record: agent("a1", "one"), eventId: 1 });
    await put(agent("a2", "two"));
    const renamed = await subject.store.edit("agent", "a1", (current) =>
      current ? { record: { ...current, name: "renamed" } } : { record: null },
    );
    assert.deepEqual(renamed, { record: agent("a1", "renamed"), eventId: null });
    const gateway = { id: "a1", name: "same id, another kind", url: "ws://x", createdAt: at };
    await subject.store.edit("gateway", "a1", () => ({ record: gateway }));
    await subject.reopen();
    assert.deepEqual(await subject.store.records("agent"), [agent("a1", "renamed"), agent("a2", "two")]);
    assert.deepEqual(await subject.store.record("agent", "a2"), agent("a2", "two"));
    const remove = () =>
      subject.store.edit("agent", "a1", () => ({
        record: null,
        event: newEvent("agent", { agentId: "a1" }),
      }));
    assert.deepEqual(await remove(), { record: null, eventId: 3 });
    assert.deepEqual(
      await remove(),
      { record: null, eventId: null },
      "removing what is not there says nothing",
    );
    assert.deepEqual(await subject.store.records("agent"), [agent("a2", "two")]);
    assert.equal(await subject.store.record("agent", "a1"), null);
    assert.equal((await subject.store.records("gateway")).length, 1);
    const steps = (await subject.followed()).flatMap(({ change }) => change?.records ?? []);
    assert.deepEqual(
      steps.map(({ kind, id, record }) => [kind, id, record?.id ?? null]),
      [
        ["agent", "a1", "a1"],
        ["agent", "a2", "a2"],
        ["agent", "a1", null],
      ],
    );
    await subject.discard();
  });

  test("edits made at the same time build on each other, and one that is refused changes nothing", async () => {
    const subject = await Subject.open(engine);
    await register(subject.store, "a1");
    const more = Array.from({ length: 30 }, () =>
      subject.store.edit("agent", "a1", (current) =>
        current ? { record: { ...current, concurrency: current.concurrency + 1 } } : { record: null },
      ),
    );
    await Promise.all(more);
    assert.equal((await subject.store.record("agent", "a1"))?.concurrency, 31);
    await running(subject.store, "t1", "a1", "d1");
    await subject.change(createTask("t2"));
    await subject.change(dispatchTo("a1", "t2", "d2"));
    const refused = await subject.store.edit("agent", "a1", (_, { workload }) => {
      const { underWay, queued } = workload();
      return { refusal: { code: "conflict", detail: `${underWay} running, ${queued} queued` } };
    });
    assert.deepEqual(refused.refusal, { code: "conflict", detail: "1 running, 1 queued" });
    assert.equal(refused.record?.concurrency, 31);
    await subject.discard();
  });

  test("an edit of one record sees all agents as they are at that moment", async () => {
    const subject = await Subject.open(engine);
    await register(subject.store, "a1");
    const seen: string[][] = [];
    const look = () =>
      subject.store.edit("gateway", "g1", (current, { agents }) => {
        seen.push(
          agents()
            .map(({ id }) => id)
            .sort(),
        );
        return { record: current };
      });
    const remove = () => ({ record: null, event: newEvent("agent") });
    await Promise.all([register(subject.store, "a2"), look(), subject.store.edit("agent", "a1", remove)]);
    // An edit may be asked more than once: what it saw last is what counts.
    assert.deepEqual(seen.at(-1), ["a1", "a2"]);
    await look();
    assert.deepEqual(seen.at(-1), ["a2"]);
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

  test("who stopped following is given nothing more", async () => {
    const subject = await Subject.open(engine);
    const heard: number[] = [];
    const follower = subject.store.follow(0, (entries) => heard.push(...entries.map(({ id }) => id)));
    await subject.change(createTask("t1"));
    await subject.followed();
    follower.close();
    const before = [...heard];
    await subject.change(createTask("t2"));
    await subject.followed();
    assert.deepEqual(heard, before);
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
  const { usageByAgent } = await store.snapshot();
  return Object.fromEntries([...usageByAgent].map(([agentId, sum]) => [agentId, sum.total]));
}

/** Entries without what their writer alone needs, which those that were just written carry. */
function asGiven(entries: readonly LogEntry[]): LogEntry[] {
  return plain(
    entries.map(({ id, type, taskId, agentId, receivedAt, frame, change }) => {
      return { id, type, taskId, agentId, receivedAt, frame, ...(change ? { change } : {}) };
    }),
  );
}
