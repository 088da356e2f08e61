import assert from "node:assert/strict";
import { test } from "node:test";
import type { NewEvent } from "./events.ts";
import { type FoldedFields, foldEvent } from "./task-fold.ts";

const AT = "2026-11-23T10:00:00.000Z";
const LATER = "2026-11-23T10:00:01.000Z";
const PENDING: FoldedFields = {
  status: "pending",
  agentId: null,
  dispatchId: null,
  attempt: 0,
  updatedAt: AT,
};

function event(type: NewEvent["type"], fields: Partial<NewEvent> = {}): NewEvent {
  return {
    type,
    taskId: "t",
    agentId: "a",
    dispatchId: "d1",
    data: {},
    timestamp: AT,
    receivedAt: LATER,
    ...fields,
  };
}

const request = { id: "r1", title: "Run make", options: [{ optionId: "yes", name: "Yes" }] };
const STORY: NewEvent[] = [
  event("dispatch", { data: { state: "queued", attempt: 1 } }),
  event("status_change", { data: { from: "pending", to: "queued" } }),
  event("dispatch", { data: { state: "unknown", attempt: 1, reason: "No answer." } }),
  event("status_change", { data: { from: "queued", to: "in_progress" } }),
  event("activity", { message: "Reading", progress: 0.4 }),
  event("permission", { data: { state: "requested", request } }),
  event("complete", { message: "Done" }),
  event("status_change", { data: { from: "in_progress", to: "completed" } }),
];

function fold(task: FoldedFields, events: readonly NewEvent[]): FoldedFields {
  return events.reduce((before, one) => {
    const after = foldEvent(before, one);
    assert.ok(typeof after !== "string", `${one.type}: ${after}`);
    return after;
  }, task);
}

test("an attempt's events make its task, each folded in once or twice", () => {
  const once = fold(PENDING, STORY);
  const told = JSON.parse(JSON.stringify(once));
  assert.deepEqual(told, {
    status: "completed",
    agentId: "a",
    dispatchId: "d1",
    attempt: 1,
    message: "Reading",
    progress: 1,
    summary: "Done",
    lastWordAt: LATER,
    updatedAt: LATER,
  });
  assert.deepEqual(
    fold(
      PENDING,
      STORY.flatMap((one) => [one, one]),
    ),
    once,
  );
});

test("a new attempt begins with a clean record", () => {
  const next = fold(fold(PENDING, STORY), [
    event("dispatch", { dispatchId: "d2", data: { state: "queued", attempt: 2 } }),
  ]);
  assert.deepEqual([next.dispatchId, next.attempt], ["d2", 2]);
  assert.deepEqual([next.message, next.progress, next.summary], [undefined, undefined, undefined]);
});

test("an agent is missed until its next word, which no answer of the operator and no inferred end is", () => {
  const silence = { state: "silent", since: LATER } as const;
  const working: FoldedFields = { ...PENDING, status: "in_progress", attempt: 1, dispatchId: "d1" };
  const missed = fold(working, [event("dispatch", { data: { state: "running", attempt: 1, silence } })]);
  assert.deepEqual([missed.silence, missed.status, missed.lastWordAt], [silence, "in_progress", undefined]);
  const heard = fold(missed, [event("activity", {})]);
  assert.deepEqual([heard.silence, heard.lastWordAt], [undefined, LATER]);
  const back = fold(missed, [event("dispatch", { data: { state: "running", attempt: 1, silence: null } })]);
  assert.deepEqual([back.silence, back.lastWordAt], [undefined, undefined]);
  const answered = event("permission", { data: { state: "answered", requestId: "r2" } });
  assert.equal(fold(working, [answered]).lastWordAt, undefined);
  assert.equal(fold(working, [event("complete", { data: { inferred: true } })]).lastWordAt, undefined);
});

test("an answer that did not arrive is no word of the agent, and is over once somebody writes to it", () => {
  const working: FoldedFields = { ...PENDING, status: "in_progress", attempt: 1, dispatchId: "d1" };
  const data = { state: "undelivered", requestId: "r1", title: "Run it?", reason: "It is gone." };
  const lost = fold(working, [event("permission", { data })]);
  assert.deepEqual(
    [lost.undelivered, lost.lastWordAt],
    [{ requestId: "r1", title: "Run it?", reason: "It is gone.", since: LATER }, undefined],
  );
  const wrote = event("message", { data: { messageId: "m1", state: "sending" } });
  assert.equal(fold(lost, [wrote]).undelivered, undefined);
  assert.equal(foldEvent(lost, event("message", { data: { messageId: "m1", state: "delivered" } })), lost);
  assert.equal(
    fold({ ...working, status: "completed" }, [event("permission", { data })]).undelivered,
    undefined,
  );
});

test("what does not concern the current attempt leaves the very same task", () => {
  const second: FoldedFields = { ...PENDING, status: "in_progress", attempt: 2, dispatchId: "d2" };
  const others = [
    event("activity", { message: "of the first attempt" }),
    event("activity", { dispatchId: "d2", message: "too late", data: { late: true } }),
    event("dispatch", { data: { state: "cancelled", attempt: 1, reason: "It did not answer." } }),
    event("agent"),
  ];
  for (const other of others) assert.equal(foldEvent(second, other), second);
});

test("an event that does not say enough is not guessed at", () => {
  const waiting: FoldedFields = { ...PENDING, waitingFor: request };
  const answer = (requestId: string) => event("permission", { data: { state: "answered", requestId } });
  assert.equal(foldEvent(waiting, answer("r1")), "incomplete", "another request may wait behind it");
  const answered = JSON.parse(JSON.stringify(foldEvent(waiting, answer("r2"))));
  assert.deepEqual(answered, { ...waiting, updatedAt: LATER });
  assert.equal(foldEvent(PENDING, event("task", { data: { change: "edited" } })), "incomplete");
  assert.equal(foldEvent(PENDING, event("task", { data: { change: "deleted" } })), "deleted");
});
