import assert from "node:assert/strict";
import { test } from "node:test";
import { event } from "../../test/support/events.ts";
import { PendingActions } from "./pending-actions.ts";

test("only a later event about the task's state confirms an action", () => {
  const pending = new PendingActions();
  pending.begin("task_1", { to: "queued", label: "Dispatching…", after: 10 });
  pending.confirm([
    event(9, { type: "status_change" }),
    event(11),
    event(12, { type: "dispatch", taskId: "task_2" }),
  ]);
  assert.ok(pending.get("task_1"));
  pending.confirm([event(13, { type: "dispatch" })]);
  assert.equal(pending.get("task_1"), undefined);
});
