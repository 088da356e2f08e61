import assert from "node:assert/strict";
import { test } from "node:test";
import type { InsightRow } from "../store/insights.ts";
import type { InsightFact } from "../tasks/insight-fact.ts";
import { addCounts, type Bucket, countFacts, countsOf, keysOf, keyText, MAX_TAGS } from "./counts.ts";
import { binOf, spreadOf } from "./histogram.ts";

const AT = "2026-11-30T10:20:30.000Z";

function failed(reason: string, taskId = "t1"): InsightFact {
  return { at: AT, agentId: "a1", tags: [], ended: { outcome: "failed", taskId, reason, queuedMs: 40 } };
}

const sum = (facts: readonly InsightFact[]) => facts.map(countsOf).reduce(addCounts, {});

test("every duration is within 5 % of what its bin is taken for", () => {
  for (let ms = 1; ms < 1e10; ms = Math.ceil(ms * 1.013)) {
    const { median } = spreadOf({ [binOf(ms)]: 1 }) ?? { median: 0 };
    assert.ok(Math.abs(median - ms) <= ms * 0.05, `${ms} is taken for ${median}`);
  }
});

test("median and ninetieth percentile are those of all that were added, in whatever parts", () => {
  const durations = Array.from({ length: 1000 }, (_, index) => (index + 1) * 10);
  const facts = durations.map((workedMs): InsightFact => {
    return { at: AT, agentId: "a1", tags: [], ended: { outcome: "completed", taskId: "t1", workedMs } };
  });
  const parts = addCounts(sum(facts.slice(0, 300)), sum(facts.slice(300)));
  assert.deepEqual(parts, sum(facts));
  const spread = spreadOf(parts.worked);
  assert.equal(spread?.count, 1000);
  assert.ok(Math.abs((spread?.median ?? 0) / 5000 - 1) < 0.05);
  assert.ok(Math.abs((spread?.p90 ?? 0) / 9000 - 1) < 0.05);
  assert.equal(spreadOf(undefined), null);
});

test("reasons that differ only in numbers and ids are one, in the last one's words", () => {
  const { reasons = {} } = sum([
    failed("Timeout after 30 s\nat x"),
    failed("Timeout after 45 s", "t2"),
    failed(""),
  ]);
  assert.deepEqual(Object.values(reasons), [
    { count: 2, text: "Timeout after 45 s", taskId: "t2" },
    { count: 1, text: "failed", taskId: "t1" },
  ]);
});

test("rare reasons are kept together, and none is lost", () => {
  const letters = "abcdefghijklmnopqrstuvwxyz";
  const facts = [...letters].flatMap((letter, index) =>
    Array.from({ length: index + 1 }, () => failed(letter.repeat(3))),
  );
  const { reasons = {} } = sum(facts.reverse());
  assert.equal(Object.keys(reasons).length, 20);
  assert.equal(reasons.zzz?.count, 26);
  assert.equal(
    Object.values(reasons).reduce((total, { count }) => total + count, 0),
    facts.length,
  );
});

test("an end that was refused or lost is a failure with a reason; one that was cancelled is not", () => {
  const counts = (outcome: "rejected" | "lost" | "cancelled") =>
    countsOf({
      at: AT,
      agentId: "a1",
      tags: [],
      ended: { outcome, taskId: "t1", reason: "busy", workedMs: 9 },
    });
  assert.deepEqual(counts("rejected").reasons, { busy: { count: 1, text: "busy", taskId: "t1" } });
  assert.deepEqual(counts("cancelled"), { ended: { cancelled: 1 } });
  assert.equal(counts("lost").worked, undefined);
});

test("usage adds up by currency, also where an agent corrects itself", () => {
  const used = (inputTokens: number, costs: Record<string, number>): InsightFact => {
    return { at: AT, agentId: "a1", tags: [], used: { inputTokens, outputTokens: 1, costs } };
  };
  assert.deepEqual(sum([used(10, { USD: 2 }), used(-4, { USD: -2, EUR: 3 })]).used, {
    inputTokens: 6,
    outputTokens: 2,
    costs: { USD: 0, EUR: 3 },
  });
});

test("a fact is counted in its hour and its day, for its agent and for all, and under each tag once", () => {
  const keys = keysOf({ at: AT, agentId: "a1", tags: ["x", "x"] }).map(keyText);
  assert.deepEqual(keys, [
    "2026-11-30T10  ",
    "2026-11-30T10  x",
    "2026-11-30T10 a1 ",
    "2026-11-30T10 a1 x",
    "2026-11-30  ",
    "2026-11-30  x",
    "2026-11-30 a1 ",
    "2026-11-30 a1 x",
  ]);
});

test("a bucket keeps so many tags apart, and counts the others without theirs", () => {
  const facts = Array.from({ length: MAX_TAGS + 50 }, (_, index): InsightFact => {
    return { at: AT, agentId: "a1", tags: [`tag ${index}`], waitedMs: 5 };
  });
  const buckets = new Map<string, Bucket>();
  const add = (some: readonly InsightFact[]): InsightRow[] => {
    const rows = countFacts(some, buckets);
    for (const [name, changed] of Map.groupBy(rows, ({ bucket }) => bucket)) {
      buckets.set(
        name,
        new Map([...(buckets.get(name) ?? []), ...changed.map((row) => [keyText(row), row] as const)]),
      );
    }
    return rows;
  };
  add(facts.slice(0, 70));
  add(facts.slice(70));
  const rows = [...(buckets.get("2026-11-30")?.values() ?? [])];
  for (const agentId of ["", "a1"]) {
    const own = rows.filter((row) => row.agentId === agentId);
    assert.equal(own.length, MAX_TAGS + 1);
    assert.equal(spreadOf(own.find(({ tag }) => tag === "")?.counts.waited)?.count, facts.length);
  }
});
