import assert from "node:assert/strict";
import { test } from "node:test";
import { AGENT, FIELDS, NOW, Story, TASK } from "../../test/support/story.ts";

test("a new task is pending and told", () => {
  const story = new Story();
  assert.deepEqual(story.task, {
    id: TASK,
    ...FIELDS,
    status: "pending",
    agentId: null,
    dispatchId: null,
    attempt: 0,
    createdAt: NOW,
    updatedAt: NOW,
  });
});

test("an edit changes what it names and nothing else, and says which fields", () => {
  const story = new Story();
  const before = story.task;
  const { events } = story.do({
    kind: "edit",
    taskId: TASK,
    fields: { title: "Build more", tags: [], description: undefined },
  });
  assert.deepEqual(story.task, { ...before, title: "Build more", tags: [], updatedAt: NOW });
  assert.deepEqual(
    events.map(({ type, message, data }) => ({ type, message, data })),
    [{ type: "task", message: "Build more", data: { change: "edited", fields: ["title", "tags"] } }],
  );
});

test("a new priority reaches an attempt that still waits, and not one that was sent", () => {
  const story = new Story();
  story.dispatch();
  story.do({ kind: "edit", taskId: TASK, fields: { priority: "urgent" } });
  assert.equal(story.attempt.priority, "urgent");
  story.step("sending");
  story.do({ kind: "edit", taskId: TASK, fields: { priority: "low" } });
  assert.equal(story.attempt.priority, "urgent");
  assert.equal(story.task?.priority, "low");
});

test("a task somebody works on is not deleted", () => {
  const story = new Story();
  story.dispatch();
  assert.equal(story.step("delete").refusal?.code, "conflict");
  story.step("sending");
  story.step("accepted");
  assert.equal(story.step("delete").refusal?.code, "conflict");
  story.step("cancel");
  assert.equal(story.step("delete").deleted, true);
  assert.equal(story.step("delete").refusal?.code, "not_found");
});

test("a task that ended is dispatched again: a new attempt, the earlier one kept as it was", () => {
  const story = new Story().accepted();
  story.callback({ type: "error", error: "No disk.", lastState: "installing", message: "oh" });
  const [first] = story.attempts;
  assert.deepEqual([story.task?.error, story.task?.lastState], ["No disk.", "installing"]);
  story.dispatch("agent_2");
  assert.deepEqual([story.attempts[0], story.attempts.length], [first, 2]);
  const { status, agentId, dispatchId, attempt, error, lastState, message, progress, summary } =
    story.task ?? {};
  assert.deepEqual(
    { status, agentId, dispatchId, attempt },
    { status: "queued", agentId: "agent_2", dispatchId: story.attempt.id, attempt: 2 },
  );
  assert.deepEqual([error, lastState, message, progress, summary], Array(5).fill(undefined));
});

test("a task is not dispatched twice at a time, nor while in review", () => {
  const story = new Story({ requiresReview: true });
  story.dispatch();
  assert.equal(story.dispatch().refusal?.code, "conflict");
  story.step("sending");
  story.callback({ type: "complete" });
  assert.equal(story.task?.status, "review");
  assert.equal(story.dispatch().refusal?.code, "conflict");
});

test("cancelling tells only an agent that may have it", () => {
  const pending = new Story();
  assert.equal(pending.step("cancel").command, undefined);
  assert.equal(pending.task?.status, "cancelled");

  const queued = new Story();
  queued.dispatch();
  assert.equal(queued.step("cancel").command, undefined);
  assert.equal(queued.attempt.state, "cancelled");

  const sending = new Story();
  sending.dispatch();
  sending.step("sending");
  assert.deepEqual(sending.step("cancel").command, { kind: "cancel" });
  assert.equal(sending.step("cancel").refusal?.code, "conflict", "and only once");
});

test("a review is approved, or sent back as a new attempt with the feedback", () => {
  const approved = new Story({ requiresReview: true }).accepted();
  assert.equal(approved.step("approve").refusal?.code, "conflict");
  approved.callback({ type: "complete", summary: "Done." });
  approved.step("approve");
  assert.deepEqual([approved.task?.status, approved.task?.summary], ["completed", "Done."]);

  const rejected = new Story({ requiresReview: true }).accepted();
  rejected.callback({ type: "complete", summary: "Done." });
  const { events } = rejected.reject("Tests are missing.");
  assert.equal(rejected.task?.status, "queued");
  assert.deepEqual(
    [rejected.attempt.feedback, rejected.attempt.agentId, rejected.attempt.number],
    ["Tests are missing.", AGENT, 2],
  );
  assert.deepEqual(events.at(-1)?.data, { from: "review", to: "queued" });
  assert.equal(rejected.reject("Again").refusal?.code, "conflict");
});

test("what is said elsewhere is told with who said it, and counts for the attempt that it is about alone", () => {
  const story = new Story({ requiresReview: true }).accepted();
  story.callback({ type: "complete", summary: "Done." });
  const { id: first } = story.attempt;
  const by = "slack:U1 (ann)";
  const back = story.do({
    kind: "reject",
    taskId: TASK,
    feedback: "No.",
    newDispatchId: "d2",
    by,
    meantFor: first,
  });
  assert.deepEqual(
    back.events.map(({ type, data }) => [type, data.by]),
    [
      ["dispatch", by],
      ["status_change", by],
    ],
  );
  story.step("sending");
  story.step("accepted");
  story.callback({ type: "complete", summary: "Done again." });
  const late = story.do({ kind: "approve", taskId: TASK, by, meantFor: first });
  assert.equal(late.refusal?.code, "conflict");
  const { events } = story.do({ kind: "approve", taskId: TASK, by, meantFor: "d2" });
  assert.deepEqual(events[0]?.data, { from: "review", to: "completed", by });
});
