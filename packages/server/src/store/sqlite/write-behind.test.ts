import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import fc from "fast-check";
import { register } from "../../../test/conformance/engine.ts";
import { changeOf, story } from "../../../test/support/task-changes.ts";
import { TaskModel } from "../../../test/support/task-model.ts";
import type { AgentReport } from "../../tasks/artifact.ts";
import { SqliteStore } from "./sqlite-store.ts";

const FIELDS = {
  title: "",
  description: "",
  priority: "normal" as const,
  tags: [],
  context: {},
  requiresReview: false,
};

let folder: string;
let store: SqliteStore;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "mission-control-write-behind-"));
  store = SqliteStore.open({ folder: join(folder, "live") });
  for (const taskId of ["t1", "t2"]) {
    const fields = { ...FIELDS, title: taskId };
    const dispatchId = `d-${taskId}`;
    await store.change({ kind: "create", taskId, fields });
    await store.change({ kind: "dispatch", taskId, agentId: "a1", newDispatchId: dispatchId });
    await store.change({ kind: "sending", taskId, dispatchId });
    await store.change({ kind: "accepted", taskId, dispatchId });
  }
});

afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

function report(taskId: string, said: Partial<AgentReport> & { type: AgentReport["type"] }, key: string) {
  const callback = { taskId, agentId: "a1", ...said } as AgentReport;
  const change = { kind: "callback", taskId, callback, at: "2026-11-23T10:00:00.000Z" } as const;
  return store.change(change, { key: { scope: `callback:d-${taskId}`, key } });
}

/** Sends a report on the first task again, by its key. */
function repeat(subject: SqliteStore, key: string) {
  const callback: AgentReport = { taskId: "t1", agentId: "a1", type: "progress", message: "again" };
  const change = { kind: "callback", taskId: "t1", callback, at: "2026-11-23T10:00:00.000Z" } as const;
  return subject.change(change, { key: { scope: "callback:d-t1", key } });
}

/** What a process finds that starts after this one was killed now: the files as they are on the disk. */
function afterCrash(): SqliteStore {
  const copy = join(folder, "crashed");
  cpSync(join(folder, "live"), copy, { recursive: true });
  return SqliteStore.open({ folder: copy });
}

/** Ids of the tasks that a search finds. */
async function found(subject: SqliteStore, q: string): Promise<string[]> {
  const { items } = await subject.tasks({ q, sort: "updatedAt", limit: 10 });
  return items.map(({ id }) => id);
}

/** What is under way, queued and used; the log of a copy goes on at another position. */
async function workOf(subject: SqliteStore): Promise<unknown> {
  const { underWay, queueLengths, usageByAgent, commands } = await subject.snapshot();
  const byId = [...underWay].sort((a, b) => (a.id < b.id ? -1 : 1));
  const usage = [...usageByAgent].map(([agentId, sum]) => [agentId, sum.total]).sort();
  return plain({ byId, queueLengths: [...queueLengths].sort(), usage, commands });
}

/** Without the fields that are there but undefined. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

test("after a crash the newest progress, the indexes and the receipts are read from the log", async () => {
  for (let step = 1; step <= 20; step++) {
    await report("t1", { type: "progress", message: `step ${step}`, progress: step / 20 }, `k${step}`);
  }
  const crashed = afterCrash();
  assert.deepEqual(plain(await crashed.task("t1")), plain(await store.task("t1")));
  const [listed] = (await crashed.tasks({ sort: "updatedAt", limit: 1 })).items;
  assert.equal(listed?.message, "step 20");
  assert.deepEqual(await crashed.taskEvents("t1", 0, 100), await store.taskEvents("t1", 0, 100));
  assert.equal((await repeat(crashed, "k7")).duplicate, true);
  assert.deepEqual(await crashed.history(null, {}, 100), await store.history(null, {}, 100));
  await crashed.close();
});

test("a crash between the steps of a batch loses nothing of it", async () => {
  const eventIds: (number | null)[] = [];
  const say = async (count: number) => {
    const reports = Array.from({ length: count }, (_, index) => {
      const key = `k${eventIds.length + index}`;
      return report("t1", { type: "progress", message: key, progress: 0.5 }, key);
    });
    eventIds.push(...(await Promise.all(reports)).map(({ eventId }) => eventId));
  };
  // More than are enough for a batch, in few commits; then each step of it comes with one more.
  while (eventIds.length < 2500) await say(500);
  for (let step = 1; step <= 6; step++) {
    // The store itself is not read: for that, it would bring everything up to date.
    const crashed = afterCrash();
    const last = eventIds.length - 1;
    assert.equal((await crashed.task("t1"))?.message, `k${last}`);
    const { items } = await crashed.taskEvents("t1", (eventIds[0] as number) - 1, 5000);
    assert.deepEqual(
      items.map(({ id }) => id),
      eventIds,
      `step ${step}`,
    );
    for (const number of [0, 1, 999, 1500, 2047, 2048, 2499, last]) {
      const { duplicate, eventId } = await repeat(crashed, `k${number}`);
      assert.deepEqual([duplicate, eventId], [true, eventIds[number]], `step ${step}, k${number}`);
    }
    await crashed.close();
    rmSync(join(folder, "crashed"), { recursive: true });
    await say(1);
  }
});

test("after a crash tasks are found by the words they had last", async () => {
  await store.change({ kind: "create", taskId: "t3", fields: { ...FIELDS, title: "Mend the roof" } });
  await store.change({ kind: "create", taskId: "t4", fields: { ...FIELDS, title: "Mend the fence" } });
  await store.tasks({ q: "roof", sort: "updatedAt", limit: 1 });
  await store.change({ kind: "edit", taskId: "t3", fields: { description: "Before the rain" } });
  await store.change({ kind: "edit", taskId: "t4", fields: { title: "Paint the fence" } });
  const crashed = afterCrash();
  for (const subject of [crashed, store]) {
    assert.deepEqual(await found(subject, "mend"), ["t3"]);
    assert.deepEqual(await found(subject, "the rain"), ["t3"]);
    assert.deepEqual(await found(subject, "fence"), ["t4"]);
  }
  await crashed.close();
});

test("a deleted task is found no more, nor one whose creation failed", async () => {
  await store.change({ kind: "create", taskId: "t3", fields: { ...FIELDS, title: "Mend the roof" } });
  const [kept, failed] = await Promise.allSettled([
    store.change({ kind: "create", taskId: "t4", fields: { ...FIELDS, title: "Mend the fence" } }),
    store.change({
      kind: "create",
      taskId: "t5",
      fields: { ...FIELDS, context: { big: 1n as unknown as number }, title: "Mend it" },
    }),
  ]);
  assert.deepEqual([kept.status, failed.status], ["fulfilled", "rejected"]);
  await store.change({ kind: "delete", taskId: "t3" });
  assert.deepEqual(await found(store, "mend"), ["t4"]);
});

test("progress that came before the end is not told after it", async () => {
  await report("t1", { type: "progress", message: "half", progress: 0.5 }, "k1");
  await report("t1", { type: "complete", summary: "done" }, "k2");
  await report("t1", { type: "progress", message: "too late", progress: 0.9 }, "k3");
  const crashed = afterCrash();
  assert.deepEqual(plain(await crashed.task("t1")), plain(await store.task("t1")));
  assert.equal((await crashed.task("t1"))?.progress, 1);
  await crashed.close();
});

test("what is listed and counted is up to date, whatever has come of tasks since their rows were written", async () => {
  const listed = async (status: "in_progress" | "completed") => {
    const { items } = await store.tasks({ status, sort: "updatedAt", limit: 10 });
    return items.map(({ id }) => id).sort();
  };
  const counted = async () => {
    const { counts } = await store.taskCounts({});
    return [counts.in_progress, counts.completed, (await store.inbox(10)).running];
  };
  assert.deepEqual(
    [await listed("in_progress"), await counted()],
    [
      ["t1", "t2"],
      [2, 0, 2],
    ],
  );
  await report("t1", { type: "complete", summary: "done" }, "k1");
  assert.deepEqual(await counted(), [1, 1, 1]);
  assert.deepEqual([await listed("in_progress"), await listed("completed")], [["t2"], ["t1"]]);
  await report("t2", { type: "complete", summary: "done" }, "k2");
  const crashed = afterCrash();
  assert.deepEqual((await crashed.taskCounts({})).counts, (await store.taskCounts({})).counts);
  assert.equal((await crashed.inbox(10)).running, 0);
  await crashed.close();
});

test("whatever happens to tasks and their attempts, a crash leaves them as they were", async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(story, async (steps) => {
      const own = join(folder, `run-${++run}`);
      const subject = SqliteStore.open({ folder: own });
      const model = new TaskModel();
      const ids = new Set<string>();
      for (const [number, step] of steps.entries()) {
        const change = changeOf(number === 0 ? { ...step, kind: "create" } : step, model, number);
        model.apply(change);
        ids.add(change.taskId);
        await subject.change(change);
        // From here on, rows are behind that were not new.
        if (number === steps.length >> 1) await found(subject, "anything");
      }
      cpSync(own, `${own}-crashed`, { recursive: true });
      const crashed = SqliteStore.open({ folder: `${own}-crashed` });
      for (const id of ids) {
        assert.deepEqual(plain(await crashed.task(id)), plain(await subject.task(id)));
        assert.deepEqual(plain(await crashed.attemptsOf(id)), plain(await subject.attemptsOf(id)));
      }
      assert.deepEqual(await workOf(crashed), await workOf(subject));
      const listed = async (of: SqliteStore) =>
        plain((await of.tasks({ sort: "updatedAt", limit: 100 })).items);
      assert.deepEqual(await listed(crashed), await listed(subject));
      await Promise.all([crashed.close(), subject.close()]);
    }),
    { numRuns: 25 },
  );
});

test("an attempt's row may be behind: what is read of it, of its queue and of its agent is not", async () => {
  for (const taskId of ["t3", "t4", "t5"]) {
    await store.change({ kind: "create", taskId, fields: { ...FIELDS, title: taskId } });
    await store.change({ kind: "dispatch", taskId, agentId: "a1", newDispatchId: `d-${taskId}` });
  }
  const { token } = await store.lease("agent:a1", new AbortController().signal);
  const claim = async () => (await store.claim("a1", token)).claimed.map(({ attempt }) => attempt.id);
  await register(store, "a1", 3);
  assert.deepEqual(await claim(), ["d-t3"]);
  await report("t1", { type: "complete", summary: "done" }, "k1");
  // With a task, all that memory has of attempts goes.
  await store.change({ kind: "delete", taskId: "t1" });
  assert.equal(await store.attempt("d-t1"), null);
  assert.deepEqual(await claim(), ["d-t4"]);
  assert.deepEqual(
    (await store.attemptsOf("t3")).map(({ state }) => state),
    ["sending"],
  );
  const { underWay, queueLengths } = await store.workInHand();
  assert.deepEqual(underWay.map(({ id, state }) => `${id} ${state}`).sort(), [
    "d-t2 accepted",
    "d-t3 sending",
    "d-t4 sending",
  ]);
  assert.deepEqual([...queueLengths], [["a1", 1]]);
});

test("what an attempt used counts once, whether its row has it or not", async () => {
  await report("t1", { type: "progress", usage: { inputTokens: 3 } }, "k1");
  await found(store, "anything");
  await report("t1", { type: "progress", usage: { inputTokens: 5 } }, "k2");
  const { usageByAgent } = await store.snapshot();
  assert.deepEqual(usageByAgent.get("a1")?.total, (await store.attempt("d-t1"))?.usage);
});

test("after a crash an attempt has neither what was taken from it nor what it had before its row was written", async () => {
  await store.change({ kind: "create", taskId: "t3", fields: { ...FIELDS, title: "t3" } });
  await store.change({ kind: "dispatch", taskId: "t3", agentId: "a1", newDispatchId: "d-t3" });
  await store.change({ kind: "sending", taskId: "t3", dispatchId: "d-t3" });
  await store.change({ kind: "unknown", taskId: "t3", dispatchId: "d-t3", reason: "No answer came." });
  await report("t3", { type: "progress" }, "k1");
  // No event tells of a note.
  await store.change({ kind: "note", taskId: "t3", dispatchId: "d-t3", note: { run: "r1" } });
  const crashed = afterCrash();
  const attempt = await crashed.attempt("d-t3");
  assert.deepEqual([attempt?.state, attempt?.error, attempt?.note], ["running", undefined, { run: "r1" }]);
  assert.deepEqual(plain(attempt), plain(await store.attempt("d-t3")));
  await crashed.close();
});

test("what was not committed leaves no trace in what waits", async () => {
  const full = await Promise.allSettled([
    report("t1", { type: "progress", message: "kept", progress: 0.1 }, "k1"),
    store.append([{ type: "task", data: { big: 1n as unknown as number }, timestamp: "", receivedAt: "" }]),
  ]);
  assert.deepEqual(
    full.map(({ status }) => status),
    ["fulfilled", "rejected"],
  );
  assert.equal((await store.task("t1"))?.message, "kept");
  const crashed = afterCrash();
  assert.equal((await crashed.task("t1"))?.message, "kept");
  await crashed.close();
});

test("many callbacks between two reads are all in what is read", async () => {
  const reports = Array.from({ length: 1500 }, (_, step) =>
    report(step % 2 ? "t1" : "t2", { type: "progress", message: `step ${step}` }, `k${step}`),
  );
  await Promise.all(reports);
  const page = await store.taskEvents("t1", 0, 2000);
  const said = page.items.filter(({ type }) => type === "activity").map(({ message }) => message);
  assert.equal(said.length, 750);
  assert.equal(said.at(-1), "step 1499");
  assert.equal((await store.task("t1"))?.message, "step 1499");
});
