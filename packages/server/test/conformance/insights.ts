import assert from "node:assert/strict";
import { test } from "node:test";
import { Counter } from "../../src/insights/counting.ts";
import type { InsightQuery, InsightRow } from "../../src/store/insights.ts";
import { FencedError } from "../../src/store/operations.ts";
import type { InsightFact } from "../../src/tasks/insight-fact.ts";
import { callback, createTask, dispatchTo, type Engine, plain, running, Subject } from "./engine.ts";

const EACH = { each: true } as const;
const ALL_DAYS = [{ from: "2000", to: "2100", length: "day" }] as const;
const ALL_HOURS = [{ from: "2000", to: "2100", length: "hour" }] as const;

/** What happens leaves facts in the commit that it happens in, and each is counted once. */
export function insights(engine: Engine): void {
  const { signal } = new AbortController();

  test("an attempt leaves facts of its use and its end, which a deletion does not take away", async () => {
    const subject = await Subject.open(engine);
    const { store } = subject;
    await running(store, "t1", "a1", "d1");
    assert.deepEqual(await store.uncountedFacts(10), []);
    await store.change(callback("t1", "a1", { type: "progress", tokens: 10 }));
    await store.change(callback("t1", "a1", { type: "progress", message: "On it" }));
    await store.change(callback("t1", "a1", { type: "error", message: "No \u0000 room", tokens: 25 }));
    await store.change({ kind: "delete", taskId: "t1" });
    await subject.reopen();
    const facts = (await subject.store.uncountedFacts(10)).map(({ fact }) => fact as InsightFact);
    assert.deepEqual(
      plain(facts).map(({ used, ended }) => [used?.inputTokens, ended?.outcome, ended?.reason]),
      [
        [10, undefined, undefined],
        [15, "failed", "No \u0000 room"],
      ],
    );
    assert.ok((facts[1]?.ended?.workedMs ?? 0) > 0);
    assert.deepEqual(
      await subject.store.uncountedFacts(1),
      (await subject.store.uncountedFacts(2)).slice(0, 1),
    );
    await subject.discard();
  });

  test("facts are counted once, by agent and tag, and are there after a restart", async () => {
    const subject = await Subject.open(engine);
    const { store } = subject;
    const lease = await store.lease("insights", signal);
    const counter = new Counter(store, lease.token);
    await ended(subject, "t1", "a1", ["x", 'y "\u0000"']);
    await counter.step();
    await ended(subject, "t2", "a1", ["x"]);
    await ended(subject, "t3", "a2", []);
    await counter.step();
    assert.equal(await counter.step(), false);
    assert.deepEqual(await store.uncountedFacts(10), []);
    await lease.release();
    await subject.reopen();
    const { rows } = await subject.store.insights(
      [
        { ranges: ALL_DAYS, agentId: "", tag: "" },
        { ranges: ALL_HOURS, agentId: EACH, tag: "" },
        { ranges: ALL_DAYS, agentId: "", tag: EACH },
        { ranges: ALL_DAYS, agentId: "a2", tag: "x" },
        { ranges: ALL_DAYS, agentId: "a1", tag: "x" },
      ],
      10,
    );
    const told = rows.map((found) => found.map(({ agentId, tag, counts }) => [agentId, tag, counts.ended]));
    assert.deepEqual(
      told.map((one) => one.sort()),
      [
        [["", "", { completed: 3 }]],
        [
          ["a1", "", { completed: 2 }],
          ["a2", "", { completed: 1 }],
        ],
        [
          ["", "x", { completed: 2 }],
          ["", 'y \\"\\u0000\\"', { completed: 1 }],
        ],
        [],
        [["a1", "x", { completed: 2 }]],
      ],
    );
    await subject.discard();
  });

  test("who has lost the lease counts nothing and removes nothing", async () => {
    const subject = await Subject.open(engine);
    const { store } = subject;
    const lease = await store.lease("insights", signal);
    await ended(subject, "t1", "a1", []);
    await lease.release();
    await assert.rejects(new Counter(store, lease.token).step(), FencedError);
    const prune = { hoursBefore: "3000", daysBefore: "3000", rows: 10, under: lease.token };
    await assert.rejects(store.pruneInsights(prune), FencedError);
    assert.equal((await store.uncountedFacts(10)).length, 1);
    assert.deepEqual((await store.insights([TOTAL], 10)).rows, [[]]);
    const again = await store.lease("insights", signal);
    await new Counter(store, again.token).step();
    assert.equal((await store.insights([TOTAL], 10)).rows[0]?.[0]?.counts.ended?.completed, 1);
    await subject.discard();
  });

  test("what is read is exact at its position, with what is not counted yet", async () => {
    const subject = await Subject.open(engine);
    const { store } = subject;
    await ended(subject, "t1", "a1", []);
    const { rows, uncounted, lastEventId } = await store.insights([TOTAL], 10);
    assert.deepEqual([rows, uncounted.length], [[[]], 1]);
    assert.equal(lastEventId, (await store.range()).newest);
    await subject.discard();
  });

  test("hours and days that are too old go, in steps", async () => {
    const subject = await Subject.open(engine);
    const { store } = subject;
    const { token: under } = await store.lease("insights", signal);
    const counts = { ended: { completed: 1 } };
    const row = (bucket: string): InsightRow => ({ bucket, agentId: "", tag: "", counts });
    const buckets = ["2026-01-01T23", "2026-01-02T00", "2026-01-01", "2026-01-02", "2025-12-31"];
    await store.countFacts({ facts: [], rows: buckets.map(row), under });
    const policy = { hoursBefore: "2026-01-02T00", daysBefore: "2026-01-02", rows: 1, under };
    let steps = 0;
    while (await store.pruneInsights(policy)) steps++;
    assert.ok(steps >= 2);
    const { rows } = await store.insights([TOTAL, { ...TOTAL, ranges: ALL_HOURS }], 0);
    assert.deepEqual(rows, [[row("2026-01-02")], [row("2026-01-02T00")]]);
    assert.deepEqual(await store.insightRows("2026-01-02"), [row("2026-01-02")]);
    assert.deepEqual(await store.insightRows("2026-01-01T23"), []);
    await subject.discard();
  });
}

const TOTAL: InsightQuery = { ranges: ALL_DAYS, agentId: "", tag: "" };

/** An attempt of a new task that an agent completes. */
async function ended({ store }: Subject, taskId: string, agentId: string, tags: string[]): Promise<void> {
  const dispatchId = `${taskId}.1`;
  await store.change(createTask(taskId, { tags }));
  await store.change(dispatchTo(agentId, taskId, dispatchId));
  await store.change({ kind: "sending", taskId, dispatchId });
  await store.change({ kind: "accepted", taskId, dispatchId });
  await store.change(callback(taskId, agentId, { type: "complete" }));
}
