import assert from "node:assert/strict";
import { test } from "node:test";
import type { BudgetRecord } from "../store/records.ts";
import { nextToTell, type SpentPeriod, watchedPeriods } from "./watch.ts";

const HOUR = 3600_000;
const NOON = Date.parse("2026-11-30T12:00:00.000Z");
const DAY_START = "2026-11-30T00:00:00.000Z";

const BUDGET: BudgetRecord = {
  id: "b1",
  name: "All",
  limit: { amount: 10, currency: "USD" },
  period: "day",
  timeZone: "UTC",
  refuses: false,
  revision: 1,
  since: DAY_START,
  watched: [],
  createdAt: DAY_START,
  updatedAt: DAY_START,
};

/** Tells all there is to tell, step by step; gives the shares, and the budget as it is left. */
function tell(budget: BudgetRecord, spent: readonly number[], now = NOON): [string[], BudgetRecord] {
  const told: string[] = [];
  let after = budget;
  const periods = watchedPeriods(after, now)
    .slice(-spent.length)
    .map((one, index): SpentPeriod => ({ ...one, spent: spent[index] ?? 0 }));
  for (;;) {
    const { watched, reached } = nextToTell(after, periods, now);
    after = { ...after, watched };
    if (!reached) return [told, after];
    told.push(`${new Date(reached.in.from).toISOString().slice(0, 10)} ${reached.threshold}`);
  }
}

test("each share is told once in a period, also where all is spent at once", () => {
  const [first, after] = tell(BUDGET, [8]);
  assert.deepEqual(first, ["2026-11-30 80"]);
  const [second, later] = tell(after, [25]);
  assert.deepEqual(second, ["2026-11-30 100"]);
  assert.deepEqual(tell(later, [30])[0], []);
  assert.deepEqual(tell(BUDGET, [25])[0], ["2026-11-30 80", "2026-11-30 100"]);
  assert.deepEqual(tell(later, [25, 9], NOON + 24 * HOUR)[0], ["2026-12-01 80"], "the next day begins anew");
});

test("an agent that corrects what it reported leads to nothing told twice", () => {
  const [, after] = tell(BUDGET, [9]);
  const [, lower] = tell(after, [7]);
  assert.deepEqual(tell(lower, [9])[0], []);
});

test("a raised limit is told anew once it is reached, and what still holds of it is not", () => {
  const [, after] = tell(BUDGET, [10]);
  const raised = { ...after, limit: { amount: 12, currency: "USD" } };
  const [first, kept] = tell(raised, [10]);
  assert.deepEqual(first, []);
  assert.deepEqual(tell(kept, [12])[0], ["2026-11-30 100"]);
  const [, far] = tell({ ...after, limit: { amount: 100, currency: "USD" } }, [10]);
  assert.deepEqual(tell(far, [81])[0], ["2026-11-30 80"]);
});

test("what was spent in periods of which nobody looked is told of all the same, under the limit of then", () => {
  const [, after] = tell(BUDGET, [1]);
  const later = NOON + 48 * HOUR;
  assert.deepEqual(tell(after, [11, 0, 8], later)[0], ["2026-11-30 80", "2026-11-30 100", "2026-12-02 80"]);
  const lowered = { ...after, limit: { amount: 1, currency: "USD" } };
  assert.deepEqual(tell(lowered, [7, 0, 0], later)[0], []);
});

test("only periods that may have more to tell are watched", () => {
  const [, after] = tell(BUDGET, [1]);
  const evening = tell(after, [1, 0], Date.parse("2026-12-01T00:30:00.000Z"))[1];
  assert.deepEqual(
    evening.watched.map(({ from }) => from.slice(0, 10)),
    ["2026-11-30", "2026-12-01"],
  );
  const morning = tell(evening, [1, 0], Date.parse("2026-12-01T09:00:00.000Z"))[1];
  assert.deepEqual(
    morning.watched.map(({ from }) => from.slice(0, 10)),
    ["2026-12-01"],
  );
  assert.ok(watchedPeriods(BUDGET, NOON + 1000 * 24 * HOUR).length <= 62);
});

test("an amount that binary fractions miss by a hair is reached", () => {
  const limit = { amount: 0.3, currency: "USD" };
  assert.deepEqual(tell({ ...BUDGET, limit }, [0.3])[0].length, 2);
  assert.deepEqual(tell({ ...BUDGET, limit: { tokens: 10 } }, [8])[0], ["2026-11-30 80"]);
});
