import assert from "node:assert/strict";
import { test } from "node:test";
import type { InboxItem, Silence, TaskSummary } from "@mission-control/protocol";
import { task } from "../../test/support/events.ts";
import { currentInbox, inboxCount, inboxKey } from "./inbox-items.ts";

const at = (minute: number) => `2026-11-23T10:${String(minute).padStart(2, "0")}:00.000Z`;
const request = { id: "r1", title: "Run it?", options: [{ optionId: "yes", name: "Yes" }] };
const item = (
  id: string,
  kind: InboxItem["kind"],
  minute: number,
  fields: Partial<TaskSummary> = {},
): InboxItem => ({
  kind,
  since: at(minute),
  task: task({ id, updatedAt: at(minute), ...fields }),
  ...(kind === "question" ? { request } : {}),
});
const snapshot = (items: InboxItem[], failures = 0) => ({
  items,
  counts: { question: 0, undelivered: 0, review: 0, failure: failures, silent: 0 },
  running: 0,
});
const current = (items: InboxItem[], tasks: TaskSummary[], deleted: string[] = []) => {
  const known = new Map(tasks.map((one) => [one.id, one]));
  return currentInbox(snapshot(items), [...known.keys(), ...deleted], (id) =>
    deleted.includes(id) ? "deleted" : known.get(id),
  );
};
const brief = (items: readonly InboxItem[]) =>
  items.map(({ kind, task: { id }, since }) => `${id} ${kind} ${since}`);

test("oldest first, and what no event was about stays as the server said", () => {
  const items = [item("b", "review", 5), item("a", "failure", 2)];
  assert.deepEqual(brief(current(items, [])), [`a failure ${at(2)}`, `b review ${at(5)}`]);
});

test("what waits no longer goes at once", () => {
  const items = [
    item("a", "question", 1),
    item("b", "review", 2),
    item("c", "failure", 3),
    item("d", "failure", 4),
  ];
  const moved = [
    task({ id: "a" }),
    task({ id: "b", status: "completed" }),
    task({ id: "c", status: "queued" }),
  ];
  const left = current(items, moved, ["d"]);
  assert.deepEqual(left, []);
});

test("what has begun to wait is there at once, since the event that says so", () => {
  const found = current(
    [],
    [
      task({ id: "a", waitingFor: request, updatedAt: at(7) }),
      task({ id: "b", status: "review", updatedAt: at(6) }),
      task({ id: "c", status: "failed", updatedAt: at(8) }),
      task({ id: "d", status: "in_progress" }),
    ],
  );
  assert.deepEqual(brief(found), [`b review ${at(6)}`, `a question ${at(7)}`, `c failure ${at(8)}`]);
  assert.deepEqual(found[1]?.request, request);
});

test("a question that still waits keeps its age, whatever its agent says meanwhile; the next one is another", () => {
  const asked = item("a", "question", 1);
  const same = current([asked], [task({ id: "a", waitingFor: request, updatedAt: at(9) })]);
  assert.deepEqual(brief(same), [`a question ${at(1)}`]);
  const next = current([asked], [task({ id: "a", waitingFor: { ...request, id: "r2" }, updatedAt: at(9) })]);
  assert.deepEqual(brief(next), [`a question ${at(9)}`]);
  assert.notEqual(inboxKey(asked), inboxKey(next[0] as InboxItem));
});

test("a run is silent from when it is missed until its agent says a word; one that has just begun is not", () => {
  const silence = (state: Silence["state"]): Silence => ({ state, since: at(3) });
  const missed = current([], [task({ id: "a", silence: silence("offline"), updatedAt: at(5) })]);
  assert.deepEqual(brief(missed), [`a silent ${at(3)}`]);
  assert.deepEqual(current([], [task({ id: "a", silence: silence("not_responding") })]), []);
  assert.deepEqual(current(missed, [task({ id: "a", updatedAt: at(6) })]), []);
});

test("what the server counts beyond its list is counted", () => {
  const items = [item("a", "failure", 1)];
  assert.equal(inboxCount(snapshot(items, 250), items), 250);
  assert.equal(inboxCount(snapshot(items, 250), []), 249);
});
