import assert from "node:assert/strict";
import { test } from "node:test";
import { formatAge, formatDuration, formatWholeSeconds } from "./duration.ts";

test("lengths of time as people say them", () => {
  const said = [0, 84, 3_240, 59_900, 84_000, 3_661_000, 7_500_000, 277_200_000].map(formatDuration);
  assert.deepEqual(said, ["0 ms", "84 ms", "3.2 s", "59 s", "1m 24s", "1h 01m", "2h 05m", "3d 5h"]);
  assert.deepEqual([200, 4_000, 61_000, 7_200_000, 172_800_000].map(formatAge), [
    "now",
    "4 s",
    "1 min",
    "2 h",
    "2 d",
  ]);
});

test("what goes on is counted in whole seconds, and reads like any other length", () => {
  assert.deepEqual([-1, 0, 999, 1_000, 9_999, 59_999].map(formatWholeSeconds), [
    "0 s",
    "0 s",
    "0 s",
    "1 s",
    "9 s",
    "59 s",
  ]);
  assert.equal(formatWholeSeconds(84_500), "1m 24s");
});
