import assert from "node:assert/strict";
import { test } from "node:test";
import { Story, TASK } from "../../test/support/story.ts";

const write = (story: Story, messageId = "m1") =>
  story.do({
    kind: "send_message",
    taskId: TASK,
    messageId,
    text: "Look again.",
    mode: "steer",
    by: "operator",
  });

const answer = (
  story: Story,
  state: "delivered" | "taken_up" | "refused",
  reason?: string,
  dispatchId = story.attempt.id,
) => story.do({ kind: "message_moved", taskId: TASK, dispatchId, messageId: "m1", state, reason });

test("a message to an agent at work is kept, told, and to be delivered", () => {
  const story = new Story().accepted();
  const { command, message, events } = write(story);
  assert.deepEqual(command, { kind: "message", messageId: "m1" });
  assert.deepEqual(
    [message?.state, message?.dispatchId, message?.by],
    ["sending", story.attempt.id, "operator"],
  );
  assert.deepEqual(
    events.map(({ type, dispatchId, message, data }) => ({ type, dispatchId, message, data })),
    [
      {
        type: "message",
        dispatchId: story.attempt.id,
        message: "Look again.",
        data: { messageId: "m1", state: "sending", mode: "steer", by: "operator" },
      },
    ],
  );
  assert.equal(story.task?.status, "in_progress");
});

test("where nothing can take it, a message is refused in words that say what to do", () => {
  const refusalOf = (story: Story) => {
    const { refusal, events } = write(story);
    assert.deepEqual([refusal?.code, events.length], ["conflict", 0]);
    return refusal?.detail ?? "";
  };
  const story = new Story({ requiresReview: true });
  assert.match(refusalOf(story), /not dispatched yet.*description/);
  story.dispatch();
  assert.match(refusalOf(story), /waits in its agent's queue/);
  story.step("sending");
  story.do({ kind: "unknown", taskId: TASK, dispatchId: story.attempt.id, reason: "No answer." });
  assert.match(refusalOf(story), /not known/);
  story.callback({ type: "complete", summary: "Done." });
  assert.match(refusalOf(story), /reject its result/);
  story.step("approve");
  assert.match(refusalOf(story), /is completed.*Dispatch it again/);
  const cancelled = new Story();
  cancelled.step("cancel");
  assert.match(refusalOf(cancelled), /is cancelled/);
});

test("a message goes only on, by what the agent's side confirmed, and each step is told once", () => {
  const story = new Story().accepted();
  write(story);
  const told = [
    answer(story, "delivered"),
    answer(story, "delivered"),
    answer(story, "taken_up"),
    answer(story, "delivered"),
    answer(story, "refused", "Too late."),
  ].map(({ events }) => events.map(({ data }) => data.state));
  assert.deepEqual(told, [["delivered"], [], ["taken_up"], [], []]);
  assert.deepEqual(story.attempt.messages, { written: 1, sending: 0 });
});

test("a message that was refused says why; that its agent has taken it up all the same is believed of the agent", () => {
  const story = new Story().accepted();
  write(story);
  const { events } = answer(story, "refused", "The agent was away.");
  assert.deepEqual(
    [events[0]?.message, events[0]?.data.reason],
    ["The agent was away.", "The agent was away."],
  );
  const { events: told } = story.callback({ type: "progress", data: { messageId: "m1" } });
  assert.deepEqual(
    told.map(({ type }) => type),
    ["activity", "message"],
  );
  assert.equal(story.messages.get("m1")?.state, "taken_up");
  assert.equal(story.messages.get("m1")?.reason, undefined);
});

test("an agent's progress says what became of a message, and answers with its own event", () => {
  const story = new Story().accepted();
  write(story);
  answer(story, "delivered");
  const data = { messageId: "m1", messageState: "refused", reason: "I had finished." };
  const { events, answerEvent } = story.callback({ type: "progress", message: "Reading", data });
  assert.equal(events[answerEvent ?? -1]?.type, "activity");
  assert.deepEqual(events.at(-1)?.data.reason, "I had finished.");
  assert.equal(story.messages.get("m1")?.state, "refused");
  const unknown = story.callback({ type: "progress", data: { messageId: "m9" } });
  assert.deepEqual(
    unknown.events.map(({ type }) => type),
    ["activity"],
  );
});

test("no attempt's agent has a word on another one's message", () => {
  const story = new Story().accepted();
  write(story);
  story.callback({ type: "error", error: "Broken." });
  story.accepted();
  assert.deepEqual(answer(story, "taken_up").events, []);
  const { events } = story.callback({ type: "progress", data: { messageId: "m1" } });
  assert.deepEqual(
    events.map(({ type }) => type),
    ["activity"],
  );
  assert.equal(story.messages.get("m1")?.state, "sending");
  // But what came of it is told also when its attempt is over.
  const [first] = story.attempts;
  answer(story, "refused", "It had ended.", first?.id);
  assert.equal(story.messages.get("m1")?.state, "refused");
});

test("an agent is not flooded: so many wait for its answer at a time, and so many in all", () => {
  const story = new Story().accepted();
  for (let number = 0; number < 32; number++) assert.equal(write(story, `m${number}`).refusal, undefined);
  assert.match(write(story, "more").refusal?.detail ?? "", /32 messages are on their way/);
  assert.equal(answer(story, "delivered").refusal, undefined);
  for (let number = 32; number < 1000; number++) {
    const messageId = `m${number}`;
    assert.equal(write(story, messageId).refusal, undefined);
    const dispatchId = story.attempt.id;
    story.do({ kind: "message_moved", taskId: TASK, dispatchId, messageId, state: "delivered" });
  }
  assert.match(write(story, "last").refusal?.detail ?? "", /1000 messages/);
});

test("a message to a task that has ended begins a new attempt, where its agent goes on in the same conversation", () => {
  const ended = () => {
    const story = new Story().accepted();
    story.callback({ type: "complete", summary: "Done." });
    return story;
  };
  const goOn = (story: Story) =>
    story.do({
      kind: "send_message",
      taskId: TASK,
      messageId: "m1",
      text: "And the tests?",
      mode: "next",
      by: "operator",
      newDispatchId: "dispatch_again",
    });
  const step = (story: Story, kind: "sending" | "accepted" | "cancel") => {
    const { events } = story.step(kind);
    return events.filter(({ type }) => type === "message").map(({ data }) => [data.state, data.reason]);
  };
  const story = ended();
  const { command, events } = goOn(story);
  assert.equal(command, undefined, "the agent gets it with the task");
  assert.deepEqual(
    events.map(({ type }) => type),
    ["dispatch", "status_change", "message"],
  );
  assert.deepEqual([story.attempt.feedback, story.task?.status], ["And the tests?", "queued"]);
  assert.equal(story.messages.get("m1")?.dispatchId, "dispatch_again");
  assert.deepEqual([step(story, "sending"), step(story, "accepted")], [[], [["delivered", undefined]]]);
  assert.equal(story.callback({ type: "progress" }).events.at(-1)?.data.state, "taken_up");
  assert.deepEqual(story.attempt.messages, { written: 1, sending: 0 });

  const unwanted = ended();
  goOn(unwanted);
  assert.equal(step(unwanted, "cancel")[0]?.[0], "refused");
  const away = ended();
  goOn(away);
  step(away, "sending");
  const failed = away.undelivered("failed", "The gateway is not connected.");
  const { reason, opening } = failed.events.at(-1)?.data ?? {};
  assert.deepEqual([reason, opening], ["The gateway is not connected.", true]);
  assert.equal(goOn(new Story().accepted()).events.length, 1, "one at work is written to");
});
