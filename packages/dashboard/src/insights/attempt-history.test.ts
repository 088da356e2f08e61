import assert from "node:assert/strict";
import { test } from "node:test";
import { event } from "../../test/support/events.ts";
import { attemptsOf, recordOf } from "./attempt-history.ts";

const queued = (id: number, dispatchId: string) =>
  event(id, { type: "dispatch", dispatchId, data: { state: "queued" } });
const completed = (id: number, dispatchId: string) => event(id, { type: "complete", dispatchId });
const failed = (id: number, dispatchId: string, message: string) =>
  event(id, { type: "error", dispatchId, message });

const stories = attemptsOf([
  queued(1, "a"),
  queued(2, "b"),
  completed(5, "a"),
  failed(6, "b", "Timeout after 30 s"),
  queued(7, "c"),
  event(8, { type: "dispatch", dispatchId: "c", data: { state: "rejected", reason: "busy" } }),
  queued(9, "d"),
  failed(12, "d", "Timeout after 45 s"),
  queued(13, "e"),
  event(14, { type: "dispatch", dispatchId: "e", data: { state: "cancelled" } }),
  queued(15, "f"),
]);

test("attempts are put together from the log, the first end counting", () => {
  assert.deepEqual(
    stories.map(({ dispatchId, outcome }) => [dispatchId, outcome]),
    [
      ["a", "completed"],
      ["b", "failed"],
      ["c", "rejected"],
      ["d", "failed"],
      ["e", "cancelled"],
      ["f", "open"],
    ],
  );
});

test("an agent's record leaves out what was cancelled or still runs", () => {
  const record = recordOf(stories);
  assert.equal(record.ended, 4);
  assert.equal(record.successRate, 0.25);
  assert.equal(record.medianDuration, 4_000);
  assert.deepEqual(
    record.failures.map(({ dispatchId }) => dispatchId),
    ["d", "c", "b"],
  );
});
