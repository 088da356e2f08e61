import assert from "node:assert/strict";
import { test } from "node:test";
import { moveAction } from "./actions.ts";

test("moving a card means an action only where the rules have one", () => {
  assert.equal(moveAction("pending", "queued"), "dispatch");
  assert.equal(moveAction("failed", "in_progress"), "dispatch");
  assert.equal(moveAction("review", "queued"), "reject");
  assert.equal(moveAction("review", "completed"), "approve");
  assert.equal(moveAction("in_progress", "cancelled"), "cancel");
  assert.equal(moveAction("in_progress", "completed"), null);
  assert.equal(moveAction("completed", "cancelled"), null);
  assert.equal(moveAction("queued", "queued"), null);
});
