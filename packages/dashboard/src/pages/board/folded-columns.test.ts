import assert from "node:assert/strict";
import { test } from "node:test";
import { isFolded } from "./folded-columns.ts";

test("empty columns and those of tasks that rest are strips, but not where new tasks come in", () => {
  assert.equal(isFolded("pending", 0, {}), false);
  assert.equal(isFolded("review", 0, {}), true);
  assert.equal(isFolded("review", 1, {}), false);
  assert.equal(isFolded("completed", 9, {}), true);
  assert.equal(isFolded("cancelled", 9, {}), true);
  assert.equal(isFolded("failed", 9, {}), false, "what failed is to be looked at");
});

test("what somebody chose holds, whatever is in the column", () => {
  assert.equal(isFolded("completed", 9, { completed: "open" }), false);
  assert.equal(isFolded("in_progress", 9, { in_progress: "folded" }), true);
  assert.equal(isFolded("review", 0, { review: "open" }), false);
});
