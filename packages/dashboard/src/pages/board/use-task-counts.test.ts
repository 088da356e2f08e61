import assert from "node:assert/strict";
import { test } from "node:test";
import type { TaskCountsView } from "@mission-control/protocol";
import { countOf } from "./use-task-counts.ts";

const counts: TaskCountsView["counts"] = {
  pending: 240,
  queued: 0,
  in_progress: 0,
  review: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
};

test("a column that is loaded whole shows what it has; another one what the server counted", () => {
  assert.equal(countOf("pending", 3, true, { counts, isComplete: true }), "3");
  assert.equal(countOf("pending", 100, false, { counts, isComplete: true }), "240");
});

test("a count that is not known, not whole or behind the log is one of at least", () => {
  assert.equal(countOf("pending", 100, false, undefined), "100+");
  assert.equal(countOf("pending", 100, false, { counts, isComplete: false }), "240+");
  assert.equal(countOf("pending", 241, false, { counts, isComplete: true }), "241+");
});
