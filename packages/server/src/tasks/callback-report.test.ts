import assert from "node:assert/strict";
import { test } from "node:test";
import { AGENT, EARLIER, NOW, Story, TASK } from "../../test/support/story.ts";

test("progress is an activity with the agent's own time, and the task shows the latest of it", () => {
  const story = new Story().accepted();
  const { events, answerEvent } = story.callback({
    type: "progress",
    message: "Reading",
    progress: 0.4,
    data: { file: "a" },
  });
  const written: unknown = JSON.parse(JSON.stringify(events[answerEvent ?? -1]));
  assert.deepEqual(written, {
    type: "activity",
    taskId: TASK,
    agentId: AGENT,
    dispatchId: story.attempt.id,
    message: "Reading",
    progress: 0.4,
    data: { file: "a" },
    timestamp: EARLIER,
    receivedAt: NOW,
  });
  story.callback({ type: "progress" });
  assert.deepEqual([story.task?.message, story.task?.progress], ["Reading", 0.4], "silence erases nothing");
});

test("progress of an attempt that runs already changes the task alone", () => {
  const story = new Story().accepted();
  assert.equal(story.callback({ type: "progress", message: "Begins" }).attempt?.state, "running");
  assert.equal(story.callback({ type: "progress", message: "Goes on" }).attempt, undefined);
  const usage = { inputTokens: 5 };
  assert.deepEqual(story.callback({ type: "progress", usage }).attempt?.usage, usage);
});

test("an agent that speaks before its acceptance was seen has accepted", () => {
  const story = new Story();
  story.dispatch();
  story.step("sending");
  const { events, answerEvent } = story.callback({ type: "complete", summary: "Quick." });
  assert.deepEqual(
    events.map(({ type, data }) => [type, data.from ?? null, data.to ?? null]),
    [
      ["status_change", "queued", "in_progress"],
      ["complete", null, null],
      ["status_change", "in_progress", "completed"],
    ],
  );
  assert.equal(answerEvent, 1, "the callback is answered with its own event");
  assert.equal(story.attempt.acceptedAt, NOW);
  assert.deepEqual([story.task?.summary, story.task?.progress], ["Quick.", 1]);
});

test("a completion without a summary takes the message, an error without words says so", () => {
  const completed = new Story().accepted();
  completed.callback({ type: "complete", message: "All good" });
  assert.equal(completed.task?.summary, "All good");
  const failed = new Story().accepted();
  failed.callback({ type: "error" });
  assert.match(failed.task?.error ?? "", /without saying why/);
});

const late: [string, (story: Story) => void, "conflict" | "not_found"][] = [
  ["after the end", (story) => story.callback({ type: "complete" }), "conflict"],
  ["after a cancel", (story) => story.step("cancel"), "conflict"],
  ["after a loss", (story) => story.undelivered("lost", "gone"), "conflict"],
];
for (const [when, happen, code] of late) {
  test(`a callback ${when} is recorded as a late activity and changes nothing`, () => {
    const story = new Story().accepted();
    happen(story);
    const { task, attempt } = story;
    const decision = story.callback({ type: "complete", summary: "I did it", usage: { inputTokens: 5 } });
    assert.equal(decision.refusal?.code, code);
    const [event, ...others] = decision.events;
    assert.deepEqual(others, []);
    assert.deepEqual([event?.type, event?.message, event?.dispatchId], ["activity", "I did it", attempt.id]);
    assert.deepEqual([event?.data.late, event?.data.callbackType], [true, "complete"]);
    assert.deepEqual([story.task, story.attempt], [task, attempt]);
  });
}

test("an earlier attempt, another agent and an attempt not yet sent cannot move the task", () => {
  const story = new Story().accepted();
  const first = story.attempt.id;
  story.callback({ type: "error" });
  story.dispatch();
  const task = story.task;
  assert.match(story.callback({ type: "progress" }, first).refusal?.detail ?? "", /replaced/);
  assert.match(story.callback({ type: "progress" }).refusal?.detail ?? "", /not been sent/);
  assert.equal(story.callback({ type: "complete", agentId: "agent_2" }).refusal?.code, "not_found");
  assert.equal(story.task, task);
});

test("a callback for no task, and one whose dispatch is another task's, record nothing", () => {
  const story = new Story().accepted();
  const stranger = { ...story.attempt, id: "dispatch_x", taskId: "task_2" };
  story.attempts.unshift(stranger);
  const foreign = story.callback({ type: "complete" }, "dispatch_x");
  assert.deepEqual([foreign.refusal?.code, foreign.events], ["not_found", []]);
  story.step("cancel");
  story.step("delete");
  const deleted = story.callback({ type: "complete" });
  assert.deepEqual([deleted.refusal?.code, deleted.events], ["not_found", []]);
});

test("what gateways and agents say of an attempt in the queue does not start it", () => {
  const story = new Story();
  story.dispatch();
  const dispatchId = story.attempt.id;
  const activity = {
    kind: "run_activity",
    taskId: TASK,
    dispatchId,
    message: "?",
    data: {},
    at: NOW,
  } as const;
  assert.deepEqual(story.do(activity).events, []);
  assert.deepEqual(story.runEnded("completed", "?").events, []);
  assert.equal(story.attempt.state, "queued");
});

test("an entry is in its event's data, whatever the callback, and gives the card its line", () => {
  const story = new Story().accepted();
  const tool = { id: "t1", kind: "tool", title: "npm test", state: "running" } as const;
  const first = story.callback({ type: "progress", entry: tool, data: { step: 1 } });
  const event = first.events[first.answerEvent ?? -1];
  assert.deepEqual(
    [event?.type, event?.message, event?.data],
    ["activity", "npm test", { step: 1, entry: tool }],
  );
  assert.equal(story.task?.message, "npm test");
  const end = { id: "t1", kind: "tool", output: "ok", state: "completed" } as const;
  assert.equal(story.callback({ type: "progress", entry: end }).events[0]?.message, undefined);
  assert.equal(story.task?.message, "npm test", "an end says nothing new");
  story.callback({ type: "progress", message: "Own words", entry: { kind: "message", text: "Others" } });
  assert.equal(story.task?.message, "Own words");
  const last = { kind: "message", text: "Done." } as const;
  const { events } = story.callback({ type: "complete", summary: "Done.", entry: last });
  assert.deepEqual(events[0]?.data, { entry: last });
  const late = story.callback({ type: "progress", entry: last }).events[0]?.data;
  assert.deepEqual([late?.entry, late?.late], [last, true]);
});

test("what an agent's own data has in the place of an entry is no entry", () => {
  const story = new Story().accepted();
  const { events } = story.callback({ type: "progress", data: { entry: { kind: "nonsense" }, step: 1 } });
  assert.deepEqual(events.at(-1)?.data, { step: 1 });
});
