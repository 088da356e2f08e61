import assert from "node:assert/strict";
import { test } from "node:test";
import { event, held } from "../../test/support/events.ts";
import { Feed, FOLD_REACH, handedOverIn } from "./feed.ts";
import { matcher } from "./feed-filter.ts";
import { type HeldEvent, hold } from "./held-event.ts";

const noNames = { task: () => undefined, agent: () => undefined };
const all = () => true;
const shape = (feed: Feed) => feed.rows.map(({ key, latest, count }) => [key, latest.id, count]);
const members = (feed: Feed, index: number) => {
  const { events = [], count = 0 } = feed.rows[index] ?? {};
  return events.slice(0, count).map(({ id }) => id);
};

test("progress of one attempt folds into its latest, until the attempt says something else", () => {
  const feed = new Feed(all, [
    held(1, { type: "dispatch" }),
    held(2),
    held(3),
    held(4, { type: "permission" }),
    held(5),
    held(6, { data: { late: true } }),
    held(7),
  ]);
  assert.deepEqual(shape(feed), [
    [1, 1, 1],
    [2, 3, 2],
    [4, 4, 1],
    [5, 7, 2],
    [6, 6, 1],
  ]);
  assert.deepEqual(members(feed, 1), [2, 3]);
  assert.deepEqual(members(feed, 3), [5, 7]);
});

test("an attempt's way to its agent is one row, and its end another", () => {
  const events = [
    held(1, { type: "task", dispatchId: undefined }),
    held(2, { type: "dispatch", data: { state: "queued" } }),
    held(3, { type: "status_change", data: { from: "pending", to: "queued" } }),
    held(4, { type: "dispatch", data: { state: "sending" } }),
    held(5, { type: "dispatch", data: { state: "accepted" } }),
    held(6, { type: "status_change", data: { from: "queued", to: "in_progress" } }),
    held(7),
    held(8, { type: "complete" }),
    held(9, { type: "status_change", data: { from: "in_progress", to: "completed" } }),
  ];
  assert.deepEqual(shape(new Feed(all, events)), [
    [1, 1, 1],
    [2, 5, 5],
    [7, 7, 1],
    [8, 8, 2],
  ]);
  assert.equal(new Feed(all, events, false).rows.length, 9, "the raw log has each by itself");
});

test("what became of a hand-over is no step of it", () => {
  const feed = new Feed(all, [
    held(1, { type: "dispatch", data: { state: "sending" } }),
    held(2, { type: "dispatch", data: { state: "rejected" } }),
    held(3, { type: "status_change", data: { from: "queued", to: "failed" } }),
  ]);
  assert.deepEqual(shape(feed), [
    [1, 1, 1],
    [2, 2, 1],
    [3, 3, 1],
  ]);
});

test("a part of the transcript without words leaves a row the words it has", () => {
  const entry = { kind: "tool", output: "x".repeat(5_000), state: "completed" };
  const feed = new Feed(all, [
    held(1, { message: "npm test", data: { entry: { kind: "tool", title: "npm test" } } }),
    hold(event(2, { message: undefined, data: { entry } })),
  ]);
  assert.deepEqual(shape(feed), [[1, 1, 2]]);
  feed.append([held(3, { message: "Mending it" })]);
  assert.deepEqual(shape(feed), [[1, 3, 3]]);
});

test("agents that report in turns keep a row each, where it is", () => {
  const events = Array.from({ length: 40 }, (_, at) => held(at + 1, { dispatchId: `dsp_${at % 4}` }));
  const feed = new Feed(all, events);
  assert.deepEqual(shape(feed), [
    [1, 37, 10],
    [2, 38, 10],
    [3, 39, 10],
    [4, 40, 10],
  ]);
  assert.deepEqual(members(feed, 0), [1, 5, 9, 13, 17, 21, 25, 29, 33, 37]);
});

test("a row that has sunk out of sight does not grow there: a new one begins on top", () => {
  const others = (from: number, count: number) =>
    Array.from({ length: count }, (_, at) => held(from + at, { type: "task", dispatchId: undefined }));
  const inSight = new Feed(all, [held(1), ...others(2, FOLD_REACH - 1), held(100)]);
  assert.equal(inSight.rows[0]?.count, 2);
  const sunk = new Feed(all, [held(1), ...others(2, FOLD_REACH), held(100), held(101)]);
  assert.equal(sunk.rows[0]?.count, 1);
  assert.deepEqual(shape(sunk).at(-1), [100, 101, 2]);
});

test("however events come, at once or one by one, the rows are the same", () => {
  const types = ["activity", "activity", "activity", "complete", "task"] as const;
  const events = Array.from({ length: 300 }, (_, at) =>
    held(at + 1, { type: types[(at * 7) % 5] ?? "task", dispatchId: `dsp_${(at * 13) % 9}` }),
  );
  const whole = new Feed(all, events);
  const pieces = new Feed(all, events.slice(0, 120));
  assert.equal(pieces.position, 120);
  for (const event of events.slice(100)) pieces.append([event]);
  assert.deepEqual(shape(pieces), shape(whole));
  assert.equal(pieces.position, 300);
});

test("a copy of the rows stays as it was while the feed goes on", () => {
  const feed = new Feed(all, [held(1), held(2)]);
  const copy = [...feed.rows];
  feed.append([held(3), held(4, { type: "complete" })]);
  assert.equal(copy[0]?.latest.id, 2);
  assert.deepEqual(
    copy[0]?.events.slice(0, copy[0].count).map(({ id }) => id),
    [1, 2],
  );
  assert.equal(feed.rows[0]?.latest.id, 3);
});

test("what does not match is passed over, but for what the server has chosen", () => {
  const feed = new Feed(({ type }) => type === "error", [held(1)]);
  feed.append([held(1, { type: "error" }), held(2), held(3, { type: "error" }), held(4)]);
  assert.deepEqual(shape(feed), [
    [1, 1, 1],
    [3, 3, 1],
  ]);
  assert.equal(feed.position, 4);
});

test("filters by task, agent, types and words, also by the names behind ids", () => {
  const events: HeldEvent[] = [
    held(1, { message: "Reading Src/Auth.ts" }),
    held(2, { type: "error", agentId: "agent_2", message: "no" }),
    held(3, { taskId: "task_2", type: "complete" }),
  ];
  const names = {
    task: (id: string) => (id === "task_2" ? "Write the notes" : undefined),
    agent: noNames.agent,
  };
  const found = (filter: Parameters<typeof matcher>[0]) =>
    events.filter(matcher(filter, names)).map(({ id }) => id);
  assert.deepEqual(found({}), [1, 2, 3]);
  assert.deepEqual(found({ taskId: "task_1" }), [1, 2]);
  assert.deepEqual(found({ agentId: "agent_2" }), [2]);
  assert.deepEqual(found({ types: ["error", "complete"] }), [2, 3]);
  assert.deepEqual(found({ q: "auth.TS" }), [1]);
  assert.deepEqual(found({ q: "write the" }), [3]);
});

test("a row tells how long a hand-over took, once the agent has accepted", () => {
  const steps = [
    held(1, { type: "dispatch", data: { state: "queued" } }),
    held(2, { type: "dispatch", data: { state: "sending" } }),
    held(4, { type: "dispatch", data: { state: "accepted" } }),
  ];
  const took = (events: typeof steps) => new Feed(() => true, events).rows.map(handedOverIn);
  assert.deepEqual(took(steps), [3_000]);
  assert.deepEqual(took(steps.slice(0, 2)), [null]);
  assert.deepEqual(took([held(1), held(2)]), [null]);
});
