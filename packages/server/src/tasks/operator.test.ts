import assert from "node:assert/strict";
import { test } from "node:test";
import { AGENT, FIELDS, NOW, REQUEST, Story, TASK } from "../../test/support/story.ts";

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

test("a permission request is answered once, with one of its options, and the agent is told", () => {
  const story = new Story().accepted();
  assert.equal(story.answer("r1", "allow").refusal?.code, "not_found");
  story.callback({ type: "permission", request: REQUEST });
  assert.deepEqual(story.task?.waitingFor, REQUEST);
  const wrong = story.answer("r1", "maybe");
  assert.equal(wrong.refusal?.code, "invalid");
  assert.match(wrong.refusal?.detail ?? "", /allow, deny/);
  const { command, events } = story.answer("r1", "allow");
  assert.deepEqual(command, { kind: "permission", requestId: "r1", optionId: "allow" });
  assert.deepEqual(
    events.map(({ type, message, data }) => ({ type, message, data })),
    [
      {
        type: "permission",
        message: "Allow: Run rm -rf build",
        data: { state: "answered", requestId: "r1", optionId: "allow" },
      },
    ],
  );
  assert.equal(story.task?.waitingFor, undefined);
  assert.equal(story.answer("r1", "deny").refusal?.code, "conflict");
});

test("a task waits for its oldest open request, asked again or not, until every one is answered", () => {
  const story = new Story().accepted();
  const second = { ...REQUEST, id: "r2" };
  story.callback({ type: "permission", request: REQUEST });
  story.callback({ type: "permission", request: second });
  story.callback({ type: "permission", request: REQUEST });
  assert.equal(story.task?.waitingFor?.id, "r1");
  story.answer("r1", "deny");
  assert.equal(story.task?.waitingFor?.id, "r2");
  story.callback({ type: "permission", request: second, data: { state: "timed_out" } });
  assert.equal(story.task?.waitingFor, undefined);
  assert.equal(story.answer("r2", "allow").refusal?.code, "not_found");
});

test("a request waits with its tool and its diff, and is kept without them once it is settled", () => {
  const story = new Story().accepted();
  const details = { tool: { name: "Edit", state: "pending" as const }, diff: "+new" };
  const ids = ["answered", "withdrawn", "ended"];
  for (const id of ids) story.callback({ type: "permission", request: { ...REQUEST, id, ...details } });
  assert.deepEqual(story.task?.waitingFor, { ...REQUEST, id: "answered", ...details });
  story.answer("answered", "allow");
  story.callback({
    type: "permission",
    request: { ...REQUEST, id: "withdrawn" },
    data: { state: "withdrawn" },
  });
  assert.equal(story.task?.waitingFor?.diff, "+new");
  story.callback({ type: "complete" });
  assert.deepEqual(
    story.attempt.permissions?.map(({ request }) => request),
    ids.map((id) => ({ ...REQUEST, id })),
  );
});

for (const ending of ["complete", "error", "cancel", "lost"] as const) {
  test(`an attempt that ended by ${ending} waits for nothing`, () => {
    const story = new Story().accepted();
    story.callback({ type: "permission", request: REQUEST });
    if (ending === "cancel") story.step("cancel");
    else if (ending === "lost") story.undelivered("lost", "The gateway forgot it.");
    else story.callback({ type: ending });
    assert.equal(story.task?.waitingFor, undefined);
    assert.deepEqual(
      story.attempt.permissions?.map(({ state }) => state),
      ["withdrawn"],
    );
    assert.equal(story.answer("r1", "allow").refusal?.code, "not_found");
  });
}
