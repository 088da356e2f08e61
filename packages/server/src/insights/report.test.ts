import assert from "node:assert/strict";
import { test } from "node:test";
import { insightsQuerySchema } from "@mission-control/protocol";
import type { InsightSnapshot } from "../store/insights.ts";
import { insightsOf, planInsights } from "./report.ts";

const NOW = Date.parse("2026-11-30T10:20:00.000Z");
const HOUR = 3600_000;

function plan(query: Record<string, string> = {}) {
  return planInsights(insightsQuerySchema.parse(query), NOW);
}

const EMPTY: InsightSnapshot = { rows: [], uncounted: [], lastEventId: 7 };

test("without a stretch, it is the last 24 hours, the one under way included", () => {
  const { stretch, previous, queries } = plan();
  assert.equal(new Date(stretch.to).toISOString(), "2026-11-30T11:00:00.000Z");
  assert.equal(stretch.to - stretch.from, 24 * HOUR);
  assert.equal(previous.to, stretch.from);
  assert.deepEqual(queries[0]?.ranges, [{ from: "2026-11-29T11", to: "2026-11-30T11", length: "hour" }]);
});

test("whole days are read by their own rows, and hours at both ends", () => {
  const { queries } = plan({ from: "2026-11-20T23:30:00Z", by: "day" });
  assert.deepEqual(queries[0]?.ranges, [
    { from: "2026-11-21", to: "2026-11-30", length: "day" },
    { from: "2026-11-20T23", to: "2026-11-21T00", length: "hour" },
    { from: "2026-11-30T00", to: "2026-11-30T11", length: "hour" },
  ]);
});

test("what is older than hours are kept is read by whole days", () => {
  const { queries, hasHours } = plan({ from: "2026-01-10T12:00:00Z", to: "2026-01-20T12:00:00Z", by: "day" });
  assert.equal(hasHours, false);
  assert.deepEqual(queries[0]?.ranges, [{ from: "2026-01-10", to: "2026-01-21", length: "day" }]);
  const { series } = insightsOf(
    plan({ from: "2026-01-10T12:00:00Z", to: "2026-01-12T12:00:00Z", by: "day" }),
    EMPTY,
  );
  assert.deepEqual(
    series.map(({ start }) => start.slice(0, 10)),
    ["2026-01-10", "2026-01-11", "2026-01-12"],
  );
});

test("days are those of the time zone that was asked for, also where a day has 25 hours", () => {
  const asked = {
    from: "2026-10-23T22:00:00Z",
    to: "2026-10-26T23:00:00Z",
    by: "day",
    timeZone: "Europe/Berlin",
  };
  const { series } = insightsOf(planInsights(insightsQuerySchema.parse(asked), Date.parse(asked.to)), EMPTY);
  assert.deepEqual(
    series.map(({ start }) => start),
    ["2026-10-23T22:00:00.000Z", "2026-10-24T22:00:00.000Z", "2026-10-25T23:00:00.000Z"],
  );
});

test("what is not counted yet is in the answer, under what was asked for alone", () => {
  const ended = { outcome: "completed", taskId: "t1", queuedMs: 100, workedMs: 5000 } as const;
  const fact = { at: "2026-11-30T09:59:59.999Z", agentId: "a1", tags: ["x"], ended };
  const uncounted = [{ seq: 1, fact }];
  const told = insightsOf(plan(), { ...EMPTY, uncounted });
  assert.equal(told.total.ended.completed, 1);
  assert.deepEqual(
    told.series.filter(({ ended: { completed } }) => completed > 0).map(({ start }) => start),
    ["2026-11-30T09:00:00.000Z"],
  );
  assert.deepEqual([told.agents[0]?.agentId, told.agents.length], ["a1", 1]);
  assert.deepEqual([told.tags[0]?.tag, told.tags.length], ["x", 1]);
  assert.equal(told.previous.ended.completed, 0);
  assert.equal(insightsOf(plan({ agentId: "a2" }), { ...EMPTY, uncounted }).total.ended.completed, 0);
  assert.equal(insightsOf(plan({ tag: "x" }), { ...EMPTY, uncounted }).total.ended.completed, 1);
});

test("while the past is counted, the answer says that it is not all", () => {
  const past = { dispatchId: "d1", usage: null, isOver: true };
  assert.equal(insightsOf(plan(), EMPTY).isComplete, true);
  assert.equal(insightsOf(plan(), { ...EMPTY, uncounted: [{ seq: 1, fact: past }] }).isComplete, false);
});

test("a time zone that there is not is refused in words", () => {
  const { error } = insightsQuerySchema.safeParse({ timeZone: "Mars/Olympus" });
  assert.match(error?.issues[0]?.message ?? "", /such as Europe\/Berlin/);
});
