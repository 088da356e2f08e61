import assert from "node:assert/strict";
import { test } from "node:test";
import type { TaskStatus } from "@mission-control/protocol";
import { isFolded } from "./folded-columns.ts";

const NONE: Record<TaskStatus, number> = {
  pending: 0,
  queued: 0,
  in_progress: 0,
  review: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
};
const holding = (counts: Partial<typeof NONE>) => ({ ...NONE, ...counts });

test("what is empty and what rests is a strip, but where new tasks come in stays open", () => {
  assert.equal(isFolded("pending", NONE, {}), false);
  assert.equal(isFolded("review", NONE, {}), true);
  assert.equal(isFolded("review", holding({ review: 1 }), {}), false);
  assert.equal(isFolded("completed", holding({ completed: 21 }), {}), true);
  assert.equal(isFolded("cancelled", holding({ cancelled: 1, pending: 1 }), {}), true);
  assert.equal(isFolded("failed", holding({ failed: 9 }), {}), false, "what failed is to be looked at");
});

test("on a board of few tasks, what was just completed is there to be seen", () => {
  assert.equal(isFolded("completed", holding({ completed: 1 }), {}), false);
  assert.equal(isFolded("completed", holding({ completed: 5, in_progress: 15 }), {}), false);
  assert.equal(isFolded("completed", holding({ completed: 5, in_progress: 16 }), {}), true);
  assert.equal(
    isFolded("completed", holding({ completed: 5, in_progress: 1, review: 1, failed: 1 }), {}),
    true,
    "It would push what has to be looked after off the screen.",
  );
  assert.equal(isFolded("completed", NONE, {}), true, "There is nothing to see.");
  assert.equal(isFolded("cancelled", holding({ cancelled: 2 }), {}), false, "It is all that there is.");
});

test("what somebody chose holds, whatever is in the column", () => {
  assert.equal(isFolded("completed", holding({ completed: 99 }), { completed: "open" }), false);
  assert.equal(isFolded("completed", holding({ completed: 1 }), { completed: "folded" }), true);
  assert.equal(isFolded("in_progress", holding({ in_progress: 9 }), { in_progress: "folded" }), true);
  assert.equal(isFolded("review", NONE, { review: "open" }), false);
});
