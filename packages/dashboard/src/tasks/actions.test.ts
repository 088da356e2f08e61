import assert from "node:assert/strict";
import { test } from "node:test";
import { taskStatusSchema } from "@mission-control/protocol";
import { allowedActions, moveAction } from "./actions.ts";

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

test("no move asks for what the task does not allow, and none cancels or deletes but where that is the column", () => {
  const statuses = taskStatusSchema.options;
  for (const from of statuses) {
    for (const to of statuses) {
      const action = moveAction(from, to);
      if (action === null) continue;
      assert.ok(allowedActions(from).includes(action), `${from} → ${to}: ${action}`);
      assert.equal(action === "cancel", to === "cancelled", `${from} → ${to}`);
      assert.notEqual(action, "delete");
    }
  }
});

test("what somebody works on, or waits to, is not deleted or dispatched again", () => {
  for (const status of ["queued", "in_progress"] as const) {
    assert.deepEqual([...allowedActions(status)].sort(), ["cancel", "edit"]);
  }
  for (const status of taskStatusSchema.options) assert.ok(allowedActions(status).includes("edit"), status);
});
