import assert from "node:assert/strict";
import { test } from "node:test";
import type { Attempt, Task } from "../../tasks/task.ts";
import type { Rows } from "../rows.ts";
import { KeptTasks, type KnownTask } from "./kept-tasks.ts";

const NOTHING: Rows = {
  deletedTasks: [],
  tasks: [],
  attempts: [],
  messages: [],
  artifacts: [],
  events: [],
  commands: [],
  commandsDone: [],
  records: [],
  deliveries: [],
  facts: [],
  payloads: [],
};

const attemptOf = (taskId: string, state: Attempt["state"]) =>
  ({ id: `d-${taskId}`, taskId, state }) as Attempt;

/** A task that was loaded, with an attempt under way. */
function known(id: string, size = 0): KnownTask {
  const attempt = { value: attemptOf(id, "running"), revision: "1" };
  return { value: { id } as Task, seq: "1", size, attempts: new Map([[attempt.value.id, attempt]]) };
}

/** What a commit writes of a task, and of its attempt where that changes. */
function rowsOf(id: string, state?: Attempt["state"]): Rows {
  const task = { id, message: "later" } as Task;
  const how = { isKnown: true, asOf: 1, followsFromEvents: true };
  return {
    ...NOTHING,
    tasks: [{ task, ...how }],
    attempts: state ? [{ attempt: attemptOf(id, state), ...how }] : [],
  };
}

test("a task is kept as it was written last, and its attempts as they were read or written", () => {
  const kept = new KeptTasks();
  kept.committed(rowsOf("t1"), "2", known);
  assert.equal(kept.get("t1")?.value.message, "later");
  assert.equal(kept.get("t1")?.revision, "2");
  assert.equal(kept.get("t1")?.attempts.get("d-t1")?.revision, "1");
  kept.committed(rowsOf("t1", "accepted"), "3", (id) => kept.get(id));
  assert.equal(kept.get("t1")?.attempts.get("d-t1")?.revision, "3");
});

test("what is over, was deleted, was written elsewise, or is of an unknown revision is not kept", () => {
  const changes: Partial<Record<string, [Rows, string | null]>> = {
    over: [rowsOf("t1", "completed"), "3"],
    deleted: [{ ...NOTHING, deletedTasks: ["t1"] }, "3"],
    "an attempt alone": [{ ...rowsOf("t1", "running"), tasks: [] }, "3"],
    "an unknown revision": [rowsOf("t1"), null],
  };
  for (const [name, change] of Object.entries(changes)) {
    const kept = new KeptTasks();
    kept.committed(rowsOf("t1"), "2", known);
    if (change) kept.committed(change[0], change[1], (id) => kept.get(id));
    assert.equal(kept.get("t1"), null, name);
  }
});

test("long texts of many tasks are not all kept: what was written longest ago goes", () => {
  const kept = new KeptTasks();
  const mebibyte = (id: string) => known(id, 1024 * 1024);
  for (let number = 0; number < 20; number++) kept.committed(rowsOf(`t${number}`), "2", mebibyte);
  const left = Array.from({ length: 20 }, (_, number) => kept.get(`t${number}`) !== null);
  assert.deepEqual(left.slice(0, 5), [false, false, false, false, false]);
  assert.deepEqual(left.slice(5), Array(15).fill(true));
});
