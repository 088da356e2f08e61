import assert from "node:assert/strict";
import { test } from "node:test";
import { attributedAttempt } from "./attribution.ts";
import type { Attempt } from "./task.ts";

const at = (time: string) => `2026-11-23T${time.length === 8 ? `${time}.000` : time}Z`;

function attempt(number: number, queued: string, ended: string | null, agentId = "a1"): Attempt {
  return {
    id: `d${number}`,
    taskId: "t1",
    agentId,
    number,
    state: ended === null ? "running" : "failed",
    priority: "normal",
    feedback: null,
    note: null,
    queuedAt: at(queued),
    sentAt: at(queued),
    acceptedAt: at(queued),
    endedAt: ended === null ? null : at(ended),
  };
}

const TWO = [attempt(1, "10:00:00", "10:10:00.400"), attempt(2, "10:20:00.300", null)];

function about(attempts: readonly Attempt[], time: string, { agentId = "a1", now = "12:00:00" } = {}) {
  const current = attempts.at(-1) as Attempt;
  return attributedAttempt(current, () => attempts, { agentId, at: at(time) }, at(now)).number;
}

test("a callback belongs to the attempt that was current when it was made", () => {
  assert.equal(about(TWO, "10:00:00"), 1);
  assert.equal(about(TWO, "10:09:59"), 1);
  assert.equal(about(TWO, "10:15:00"), 1, "late, and about what was then");
  assert.equal(about(TWO, "10:20:00.300"), 2);
  assert.equal(about(TWO, "11:00:00"), 2);
});

test("a sender that tells no fractions, or whose clock is a little behind, is not taken back to what is over", () => {
  assert.equal(about(TWO, "10:20:00"), 2);
  assert.equal(about(TWO, "10:19:55.300"), 2);
  assert.equal(about(TWO, "10:19:55.299"), 1);
  const atOnce = [attempt(1, "10:00:00", "10:10:00.400"), attempt(2, "10:10:00.500", null)];
  assert.equal(about(atOnce, "10:10:00"), 2);
  assert.equal(about(atOnce, "10:09:59.999"), 1);
});

test("a time at which there was no attempt is not believed", () => {
  assert.equal(about(TWO, "09:00:00"), 2);
  assert.equal(about([attempt(1, "10:00:00", null)], "00:00:00"), 1);
});

test("only attempts of the agent that reports come into question, if there is one", () => {
  const moved = [attempt(1, "10:00:00", "10:10:00", "a0"), attempt(2, "10:20:00", null)];
  assert.equal(about(moved, "10:05:00"), 2);
  assert.equal(about(moved, "10:25:00", { agentId: "a0" }), 1);
  assert.equal(about(moved, "10:05:00", { agentId: "a9" }), 2);
});

test("when the server's clock was set back, the attempt it queued in the future is current", () => {
  assert.equal(about(TWO, "09:30:00", { now: "09:30:01" }), 2);
  assert.equal(about(TWO, "10:05:00", { now: "10:05:01" }), 2);
});
