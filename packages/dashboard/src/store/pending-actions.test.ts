import assert from "node:assert/strict";
import { test } from "node:test";
import { event } from "../../test/support/events.ts";
import { PendingActions } from "./pending-actions.ts";

const dispatching = { to: "queued", label: "Dispatching…", after: 10 } as const;

test("only a later event about the task's state confirms an action", () => {
  const pending = new PendingActions();
  pending.begin("task_1", dispatching);
  pending.confirm([
    event(9, { type: "status_change" }),
    event(10, { type: "dispatch" }),
    event(11),
    event(12, { type: "dispatch", taskId: "task_2" }),
    event(13, { type: "agent", taskId: undefined }),
  ]);
  assert.ok(pending.get("task_1"));
  pending.confirm([event(14, { type: "dispatch" })]);
  assert.equal(pending.get("task_1"), undefined);
});

test("what is not sent yet is confirmed by nothing", () => {
  const pending = new PendingActions();
  pending.begin("task_1", { ...dispatching, after: Number.POSITIVE_INFINITY });
  pending.confirm([event(1_000_000, { type: "status_change" })]);
  assert.ok(pending.get("task_1"));
});

test("an action that is taken back leaves the one alone that came after it", () => {
  const pending = new PendingActions();
  const takeBack = pending.begin("task_1", dispatching);
  const takeBackSecond = pending.begin("task_1", { ...dispatching, label: "Cancelling…" });
  takeBack();
  assert.equal(pending.get("task_1")?.label, "Cancelling…");
  takeBackSecond();
  assert.equal(pending.get("task_1"), undefined);
  takeBackSecond();
});

test("the same words twice are two actions", () => {
  const pending = new PendingActions();
  const takeBack = pending.begin("task_1", dispatching);
  pending.begin("task_1", dispatching);
  takeBack();
  assert.ok(pending.get("task_1"));
});

test("a log that begins anew confirms nothing that was sent, and waits on for what was not", () => {
  const pending = new PendingActions();
  pending.begin("sent", dispatching);
  pending.begin("held", { ...dispatching, after: Number.POSITIVE_INFINITY });
  pending.restart();
  assert.deepEqual([pending.get("sent"), pending.get("held")?.label], [undefined, "Dispatching…"]);
});
