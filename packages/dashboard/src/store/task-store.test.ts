import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogEvent } from "@mission-control/protocol";
import { event, task } from "../../test/support/events.ts";
import { TaskStore } from "./task-store.ts";

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
