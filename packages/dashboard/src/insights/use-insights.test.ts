import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { stretchOf } from "./use-insights.ts";

const { TZ } = process.env;
afterEach(() => {
  if (TZ === undefined) Reflect.deleteProperty(process.env, "TZ");
  else process.env.TZ = TZ;
});

const NOW = Date.parse("2026-11-30T10:20:00.000Z");

test("a day is the last 24 hours by the server's clock, whatever the browser's says", () => {
  const { from, hours, by } = stretchOf(1, NOW);
  assert.deepEqual([from, hours, by], [undefined, "24", "hour"]);
});

test("several days begin with a day of this place", () => {
  const { from = "", by, timeZone } = stretchOf(7, NOW);
  const first = new Date(from);
  assert.deepEqual([first.getHours(), first.getMinutes(), by], [0, 0, "day"]);
  assert.equal(Math.round((NOW - first.getTime()) / 86_400_000 - 0.5), 6);
  assert.equal(timeZone, Intl.DateTimeFormat().resolvedOptions().timeZone);
});

/** The days that are asked for, as their names in a place. */
function daysIn(zone: string, days: number, now: string): { days: number; begins: string } {
  process.env.TZ = zone;
  const { from = "" } = stretchOf(days, Date.parse(now));
  const first = new Date(from);
  const last = new Date(now);
  let count = 1;
  for (const day = new Date(first); day.toDateString() !== last.toDateString(); count++)
    day.setDate(day.getDate() + 1);
  return { days: count, begins: `${first.getHours()}:${String(first.getMinutes()).padStart(2, "0")}` };
}

test("so many days are so many, wherever one is, also where clocks are set meanwhile", () => {
  const cases = [
    // Just after midnight, with a day of 23 hours, or of 25, since.
    ["Europe/Berlin", "2026-03-29T22:30:00.000Z"],
    ["Europe/Berlin", "2026-04-02T22:10:00.000Z"],
    ["Europe/Berlin", "2026-10-25T23:10:00.000Z"],
    ["Europe/Berlin", "2026-10-28T22:50:00.000Z"],
    ["America/New_York", "2026-03-10T04:05:00.000Z"],
    ["America/New_York", "2026-11-03T04:55:00.000Z"],
    ["Asia/Kathmandu", "2026-11-30T18:20:00.000Z"],
    ["Pacific/Kiritimati", "2026-01-01T00:00:00.000Z"],
    ["UTC", "2026-03-01T00:00:00.000Z"],
  ] as const;
  for (const [zone, now] of cases) {
    for (const days of [7, 30]) {
      assert.deepEqual(daysIn(zone, days, now), { days, begins: "0:00" }, `${days} days in ${zone}, ${now}`);
    }
  }
});
