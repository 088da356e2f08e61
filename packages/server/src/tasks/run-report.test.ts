import assert from "node:assert/strict";
import { test } from "node:test";
import { REQUEST, Story } from "../../test/support/story.ts";

test("a run's end waits for the agent's own word, and settles the attempt where none comes", () => {
  const spoke = new Story().accepted();
  spoke.runEnded("completed", "The last words");
  assert.equal(spoke.attempt.state, "accepted", "not over yet");
  spoke.callback({ type: "complete", summary: "My own words" });
  assert.deepEqual(spoke.step("run_settled").events, []);
  assert.equal(spoke.task?.summary, "My own words");

  const silent = new Story({ requiresReview: true }).accepted();
  silent.runEnded("completed", "The last words");
  const { events } = silent.step("run_settled");
  assert.deepEqual([silent.task?.status, silent.task?.summary], ["review", "The last words"]);
  const complete = events.find(({ type }) => type === "complete");
  assert.deepEqual(complete?.data, { source: "gateway", inferred: true });
});

test("a failed run says why, and the last state that was known", () => {
  const story = new Story().accepted();
  story.callback({ type: "progress", message: "compiling" });
  story.runEnded("failed", "model overloaded");
  assert.deepEqual(story.runEnded("completed", "no, fine").events, [], "the first end counts");
  story.step("run_settled");
  assert.deepEqual(
    [story.task?.status, story.task?.error, story.task?.lastState],
    ["failed", "The run failed: model overloaded", "compiling"],
  );
});

test("usage counts the last total of each attempt, and sums the attempts", () => {
  const story = new Story().accepted();
  const cost = (amount: number) => ({ amount, currency: "USD" });
  story.callback({ type: "progress", usage: { inputTokens: 10, outputTokens: 1, cost: cost(1) } });
  story.callback({
    type: "permission",
    request: REQUEST,
    usage: { inputTokens: 20, outputTokens: 2, cost: cost(2) },
  });
  assert.deepEqual(story.task?.usage, { inputTokens: 20, outputTokens: 2, cost: cost(2) });
  story.callback({ type: "error", usage: { inputTokens: 30, outputTokens: 3, cost: cost(3) } });
  story.accepted();
  assert.deepEqual(story.task?.usage, { inputTokens: 30, outputTokens: 3, cost: cost(3) });
  story.callback({ type: "complete", usage: { inputTokens: 5, cost: cost(4) } });
  assert.deepEqual(story.task?.usage, { inputTokens: 35, outputTokens: 3, cost: cost(7) });
  assert.deepEqual(story.attempts[0]?.usage, { inputTokens: 30, outputTokens: 3, cost: cost(3) });
});

test("the last words of a run are an entry of its transcript, the reason it failed is none", () => {
  const ended = new Story().accepted().runEnded("completed", "All done.").events[0];
  assert.deepEqual(ended?.data.entry, { kind: "message", role: "assistant", text: "All done." });
  for (const outcome of ["failed", "completed"] as const) {
    const text = outcome === "failed" ? "rate limit" : "";
    assert.equal(new Story().accepted().runEnded(outcome, text).events[0]?.data.entry, undefined);
  }
});
