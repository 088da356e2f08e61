import assert from "node:assert/strict";
import { test } from "node:test";
import { stretchOf } from "./use-insights.ts";

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
