import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogEvent } from "@mission-control/protocol";
import { event, task } from "../../test/support/events.ts";
import { hold } from "./held-event.ts";
import { TASK_CAPACITY, TASK_CHARACTERS, TaskStore } from "./task-store.ts";

function storeWith(log: LogEvent[]) {
  const loads: string[] = [];
  const store = new TaskStore({
    eventsAfter: (position) => log.filter(({ id }) => id > position),
    load: (id) => loads.push(id),
  });
  return { store, loads };
}

const moved = (id: number, from: string, to: string) =>
  event(id, { type: "status_change", data: { from, to } });

test("an attempt runs through the log's events", () => {
  const { store } = storeWith([]);
  store.put([task({ status: "pending", dispatchId: null, agentId: null, attempt: 0, error: "old" })], 10);
  store.apply([
    event(11, { type: "dispatch", data: { state: "queued", attempt: 1 } }),
    moved(12, "pending", "queued"),
  ]);
  assert.equal(store.get("task_1")?.status, "queued");
  assert.equal(store.get("task_1")?.attempt, 1);
  assert.equal(store.get("task_1")?.error, undefined);
  store.apply([moved(13, "queued", "in_progress"), event(14, { message: "Reading", progress: 0.4 })]);
  assert.equal(store.get("task_1")?.message, "Reading");
  assert.equal(store.get("task_1")?.progress, 0.4);
  assert.equal(store.runningSince("task_1"), event(13).receivedAt);
  store.apply([event(15, { type: "complete", message: "Done" }), moved(16, "in_progress", "completed")]);
  assert.equal(store.get("task_1")?.status, "completed");
  assert.equal(store.get("task_1")?.summary, "Done");
  assert.equal(store.runningSince("task_1"), undefined);
});

test("events the snapshot already holds change nothing", () => {
  const { store } = storeWith([]);
  store.put([task({ status: "completed" })], 20);
  store.apply([moved(19, "queued", "in_progress")]);
  assert.equal(store.get("task_1")?.status, "completed");
});

test("a snapshot older than what was seen is brought up to date", () => {
  const seen = [moved(21, "queued", "in_progress"), event(22, { progress: 0.9 })];
  const { store } = storeWith(seen);
  store.put([task({ status: "queued" })], 20);
  assert.equal(store.get("task_1")?.status, "in_progress");
  assert.equal(store.get("task_1")?.progress, 0.9);
});

test("late words and words of an earlier attempt leave the task alone", () => {
  const { store } = storeWith([]);
  store.put([task({ message: "now" })], 1);
  store.apply([
    event(2, { message: "late", data: { late: true } }),
    event(3, { message: "old", dispatchId: "dsp_0" }),
  ]);
  assert.equal(store.get("task_1")?.message, "now");
});

test("a permission request shows until it is answered, and then the server is asked for the next", () => {
  const { store, loads } = storeWith([]);
  const request = { id: "req_1", title: "Run make", options: [{ optionId: "yes", name: "Yes" }] };
  store.put([task()], 1);
  store.apply([event(2, { type: "permission", data: { state: "requested", request } })]);
  assert.equal(store.get("task_1")?.waitingFor?.title, "Run make");
  store.apply([event(3, { type: "permission", data: { state: "answered", requestId: "req_1" } })]);
  assert.deepEqual(loads, ["task_1"]);
});

test("a question too long to be held is read from the server, not forgotten", () => {
  const { store, loads } = storeWith([]);
  store.put([task()], 1);
  const request = { id: "r1", title: "Apply this?", options: [], diff: "+line\n".repeat(1_000) };
  store.apply([hold(event(2, { type: "permission", data: { state: "requested", request } }))]);
  assert.deepEqual(loads, ["task_1"]);
  store.put([task({ waitingFor: request })], 2);
  assert.equal(store.get("task_1")?.waitingFor?.id, "r1");
});

test("new tasks are loaded, edited ones loaded again, deleted ones gone for good", () => {
  const { store, loads } = storeWith([]);
  store.apply([event(1, { type: "task", taskId: "task_9", data: { change: "created" } })]);
  store.put([task()], 2);
  store.apply([event(3, { type: "task", data: { change: "edited" } })]);
  assert.deepEqual(loads, ["task_9", "task_1"]);
  store.apply([event(4, { type: "task", data: { change: "deleted" } })]);
  store.put([task()], 3);
  assert.equal(store.get("task_1"), undefined);
  assert.equal(store.isDeleted("task_1"), true);
});

test("after a restart of the log, what no snapshot confirms is swept away", () => {
  const { store } = storeWith([]);
  store.put([task(), task({ id: "task_2" })], 900);
  store.restart();
  assert.equal(store.all().length, 2);
  store.put([task({ status: "failed" })], 3);
  store.sweep();
  assert.deepEqual(
    store.all().map(({ id, status }) => [id, status]),
    [["task_1", "failed"]],
  );
  store.apply([moved(4, "failed", "queued")]);
  assert.equal(store.get("task_1")?.status, "queued");
});

test("an attempt nobody can say anything of says why, until something is certain", () => {
  const { store } = storeWith([]);
  store.put([task({ status: "queued", attempt: 2 })], 10);
  const doubt = { state: "unknown", attempt: 2, reason: "No answer." };
  store.apply([event(11, { type: "dispatch", data: doubt })]);
  assert.equal(store.get("task_1")?.unknownReason, "No answer.");
  assert.equal(store.get("task_1")?.error, undefined);
  store.apply([moved(12, "queued", "in_progress")]);
  assert.equal(store.get("task_1")?.unknownReason, undefined);
});

test("how an earlier attempt's agent answered a cancel does not take the task back to it", () => {
  const { store } = storeWith([]);
  store.put([task({ status: "in_progress", attempt: 2, dispatchId: "dispatch_2" })], 10);
  const answered = { state: "cancelled", attempt: 1, cancel: "unconfirmed" };
  store.apply([event(11, { type: "dispatch", dispatchId: "dispatch_1", data: answered })]);
  assert.deepEqual([store.get("task_1")?.dispatchId, store.get("task_1")?.attempt], ["dispatch_2", 2]);
});

const many = (count: number, fields: Partial<Parameters<typeof task>[0]> = {}, from = 0) =>
  Array.from({ length: count }, (_, at) => task({ id: `t${from + at}`, ...fields }));

test("a page that stays open keeps a bounded number of tasks: the ended ones go first, the longest silent of them first", () => {
  const { store } = storeWith([]);
  store.put(many(10, { status: "pending" }), 1);
  store.put(many(TASK_CAPACITY - 10, { status: "completed" }, 10), 1);
  assert.equal(store.hasLetGo, false);
  // Heard of again: it is not the longest silent one any more.
  store.apply([event(2, { type: "task", taskId: "t10", data: { change: "edited", fields: [] } })]);
  store.put([task({ id: "t10", status: "completed" })], 2);
  store.put(many(1, { status: "completed" }, TASK_CAPACITY), 3);
  assert.ok(store.all().length <= TASK_CAPACITY);
  assert.equal(store.hasLetGo, true);
  assert.ok(store.get("t0"), "what is not over stays");
  assert.ok(store.get("t10"));
  assert.equal(store.get("t11"), undefined);
  assert.ok(store.get(`t${TASK_CAPACITY}`));
  store.put(many(20_000, { status: "pending" }, 10_000), 4);
  assert.ok(store.all().length <= TASK_CAPACITY, "whatever their states");
});

test("long texts count: tasks hold a bounded number of characters together", () => {
  const { store } = storeWith([]);
  const description = "x".repeat(60_000);
  for (let at = 0; at < 1_000; at++) store.put([task({ id: `t${at}`, description })], at);
  assert.ok(store.all().length <= TASK_CHARACTERS / description.length);
  assert.ok(store.get("t999"));
  assert.equal(store.get("t0"), undefined);
  for (let at = 0; at < 1_000; at++) store.forget(`t${at}`);
  store.put(many(TASK_CAPACITY), 2_000);
  assert.equal(store.all().length, TASK_CAPACITY - 1_000, "what was deleted stays so, and counts no more");
});

test("a task that had to go is loaded again when it moves, and a deleted one is not forgotten by that", () => {
  const { store, loads } = storeWith([]);
  store.put(many(TASK_CAPACITY + 1, { status: "failed" }), 1);
  assert.equal(store.get("t0"), undefined);
  store.apply([event(2, { type: "status_change", taskId: "t0", data: { from: "failed", to: "queued" } })]);
  assert.deepEqual(loads, ["t0"]);
  store.apply([event(3, { type: "task", taskId: "t1", data: { change: "deleted" } })]);
  assert.equal(store.isDeleted("t1"), true);
});

test("after a restart of the log the room is counted anew", () => {
  const { store } = storeWith([]);
  store.put(many(TASK_CAPACITY + 1, { status: "failed" }), 1);
  store.restart();
  assert.equal(store.hasLetGo, false);
  store.sweep();
  assert.deepEqual(store.all(), []);
  store.put(many(TASK_CAPACITY), 1);
  assert.equal(store.all().length, TASK_CAPACITY);
});

test("tasks stand in the order they were heard of, the latest last", () => {
  const { store } = storeWith([]);
  store.put([task({ id: "a" }), task({ id: "b" }), task({ id: "c" })], 1);
  store.apply([event(2, { taskId: "a", message: "Reading" })]);
  assert.deepEqual(
    store.all().map(({ id }) => id),
    ["b", "c", "a"],
  );
});
