import assert from "node:assert/strict";
import { test } from "node:test";
import { Story, TASK } from "../../test/support/story.ts";

test("a hand-over goes queued, sending, accepted, and the task is in progress only then", () => {
  const story = new Story();
  const queued = story.dispatch();
  assert.equal(story.task?.status, "queued");
  const sending = story.step("sending");
  assert.equal(story.task?.status, "queued");
  const accepted = story.step("accepted");
  assert.equal(story.task?.status, "in_progress");
  assert.ok(story.attempt.sentAt && story.attempt.acceptedAt);
  const states = [queued, sending, accepted].map(({ events }) => events[0]?.data.state);
  assert.deepEqual(states, ["queued", "sending", "accepted"]);
});

for (const state of ["rejected", "failed", "lost"] as const) {
  test(`a dispatch that is ${state} fails its task with the reason`, () => {
    const story = new Story();
    story.dispatch();
    story.step("sending");
    const { events } = story.undelivered(state, "Connection refused.");
    assert.deepEqual([story.task?.status, story.task?.error], ["failed", "Connection refused."]);
    assert.deepEqual([story.attempt.state, story.attempt.error], [state, "Connection refused."]);
    assert.deepEqual(events[0]?.data, { state, attempt: 1, reason: "Connection refused." });
    assert.deepEqual(events[1]?.data, { from: "queued", to: "failed" });
  });
}

test("a refusal after the agent called back is not believed; a loss is", () => {
  const story = new Story();
  story.dispatch();
  story.step("sending");
  story.callback({ type: "progress", message: "I have it" });
  assert.deepEqual(story.undelivered("rejected", "no").events, []);
  assert.deepEqual(story.step("accepted").events, [], "nor is the acceptance news any more");
  assert.equal(story.attempt.state, "running");
  story.undelivered("lost", "The machine is gone.");
  assert.deepEqual([story.attempt.state, story.task?.status], ["lost", "failed"]);
});

test("words about an attempt that was replaced or has ended change nothing", () => {
  const story = new Story().accepted();
  const old = story.attempt.id;
  story.step("cancel");
  const ended = story.attempt;
  assert.deepEqual(story.undelivered("lost", "late").events, []);
  assert.equal(story.do({ kind: "note", taskId: TASK, dispatchId: old, note: { a: 1 } }).attempt, undefined);
  assert.equal(story.attempt, ended);
  story.dispatch();
  const current = story.attempt;
  for (const kind of ["sending", "accepted", "run_settled"] as const) {
    assert.deepEqual(story.do({ kind, taskId: TASK, dispatchId: old }).events, []);
  }
  assert.equal(story.attempt, current);
});

test("an adapter's note is kept with the attempt and told to nobody", () => {
  const story = new Story();
  story.dispatch();
  story.step("sending");
  const { events } = story.do({
    kind: "note",
    taskId: TASK,
    dispatchId: story.attempt.id,
    note: { runId: "r" },
  });
  assert.deepEqual([events, story.attempt.note], [[], { runId: "r" }]);
});
