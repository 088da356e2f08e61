import assert from "node:assert/strict";
import { test } from "node:test";
import { held } from "../../test/support/events.ts";
import { Feed } from "./feed.ts";
import { matcher } from "./feed-filter.ts";

const noNames = { task: () => undefined, agent: () => undefined };
const shape = (feed: Feed) => feed.rows.map(({ key, latest, count }) => [key, latest.id, count]);

test("progress of one attempt in a row folds into its latest", () => {
  const feed = new Feed(
    () => true,
    [
      held(1, { type: "dispatch" }),
      held(2),
      held(3),
      held(4, { dispatchId: "dsp_2" }),
      held(5),
      held(6, { data: { late: true } }),
    ],
  );
  assert.deepEqual(shape(feed), [
    [1, 1, 1],
    [2, 3, 2],
    [4, 4, 1],
    [5, 5, 1],
    [6, 6, 1],
  ]);
  const row = feed.rows[1];
  assert.ok(row);
  assert.deepEqual(
    feed.members(row).map(({ id }) => id),
    [2, 3],
  );
});

test("a copy of the rows stays as it was while the feed goes on", () => {
  const feed = new Feed(() => true, [held(1), held(2)]);
  const copy = [...feed.rows];
  feed.append([held(3), held(4, { type: "complete" })]);
  assert.equal(copy[0]?.latest.id, 2);
  assert.equal(feed.rows[0]?.latest.id, 3);
  assert.equal(feed.total, 4);
});

test("rows whose events were dropped go, and the others keep their members", () => {
  const feed = new Feed(() => true, [held(1), held(2, { type: "complete" }), held(3), held(4)]);
  feed.dropBefore(3);
  assert.deepEqual(shape(feed), [[3, 4, 2]]);
  const row = feed.rows[0];
  assert.ok(row);
  assert.deepEqual(
    feed.members(row).map(({ id }) => id),
    [3, 4],
  );
  feed.append([held(5)]);
  assert.deepEqual(shape(feed), [[3, 5, 3]]);
});

test("filters by task, agent, types and words, also by the names behind ids", () => {
  const events = [
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
