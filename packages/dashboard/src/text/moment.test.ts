import assert from "node:assert/strict";
import { test } from "node:test";
import { formatAxis, formatClock, formatMoment } from "./moment.ts";

const at = (day: number, hour: number, minute = 0) => new Date(2026, 10, day, hour, minute, 5);

test("an evening is written in one way wherever it stands", () => {
  const evening = at(29, 21, 6);
  assert.equal(formatClock(evening, at(29, 23)), "21:06:05");
  assert.match(formatClock(evening, at(30, 0)), /29.* 21:06:05$/, "with its day, once that is over");
  assert.match(formatMoment(evening), /2026.*21:06:05/);
  assert.match(formatMoment(at(29, 0)), /[ ,]00:00:05/, "midnight is not 24 o'clock");
  for (const words of [formatClock(evening, evening), formatMoment(evening)])
    assert.doesNotMatch(words, /[ap]m/i);
});

test("an axis names each day once", () => {
  const [first = "", second, third = ""] = formatAxis([at(28, 21), at(28, 23), at(29, 1)]);
  assert.match(first, /^21:00\n.*28/);
  assert.equal(second, "23:00");
  assert.match(third, /^01:00\n.*29/);
});
