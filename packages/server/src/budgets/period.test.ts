import assert from "node:assert/strict";
import { test } from "node:test";
import type { BudgetPeriod } from "@mission-control/protocol";
import { periodAt } from "./period.ts";

function told(period: BudgetPeriod, timeZone: string, at: string): string[] {
  const { from, to } = periodAt(period, timeZone, Date.parse(at));
  return [from, to].map((one) => new Date(one).toISOString().slice(0, 16));
}

test("days and months begin by the clocks of the time zone", () => {
  assert.deepEqual(told("day", "UTC", "2026-11-30T23:59:59.999Z"), ["2026-11-30T00:00", "2026-12-01T00:00"]);
  assert.deepEqual(told("day", "UTC", "2026-12-01T00:00:00.000Z"), ["2026-12-01T00:00", "2026-12-02T00:00"]);
  assert.deepEqual(told("month", "UTC", "2026-02-28T12:00Z"), ["2026-02-01T00:00", "2026-03-01T00:00"]);
  assert.deepEqual(told("month", "Asia/Tokyo", "2026-12-31T15:00Z"), [
    "2026-12-31T15:00",
    "2027-01-31T15:00",
  ]);
  assert.deepEqual(told("day", "America/New_York", "2026-11-30T04:59Z"), [
    "2026-11-29T05:00",
    "2026-11-30T05:00",
  ]);
});

test("days on which clocks are changed have 23 or 25 hours", () => {
  assert.deepEqual(told("day", "Europe/Berlin", "2026-03-29T12:00Z"), [
    "2026-03-28T23:00",
    "2026-03-29T22:00",
  ]);
  assert.deepEqual(told("day", "Europe/Berlin", "2026-10-25T12:00Z"), [
    "2026-10-24T22:00",
    "2026-10-25T23:00",
  ]);
});

test("an hour of UTC in which a day begins belongs to the day that it begins in", () => {
  assert.deepEqual(told("day", "Asia/Kolkata", "2026-11-30T18:45Z"), [
    "2026-11-29T19:00",
    "2026-11-30T19:00",
  ]);
});

test("each time is in one period, and periods follow each other without a gap", () => {
  for (const timeZone of ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia"]) {
    for (const period of ["day", "month"] as const) {
      let before = periodAt(period, timeZone, Date.UTC(2026, 0, 1));
      for (let count = 0; count < 400 && before.to < Date.UTC(2027, 1, 1); count++) {
        const next = periodAt(period, timeZone, before.to);
        assert.equal(next.from, before.to, `${timeZone} ${new Date(before.to).toISOString()}`);
        assert.deepEqual(periodAt(period, timeZone, next.to - 1), next);
        before = next;
      }
    }
  }
});
