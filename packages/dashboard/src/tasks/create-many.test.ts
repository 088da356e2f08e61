import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { task } from "../../test/support/events.ts";
import { TestMission } from "../../test/support/test-mission.ts";
import { areAllDone, createMany, type Outcomes } from "./create-many.ts";

let there: TestMission;
let created: string[];
let told: Outcomes[];
beforeEach(() => {
  there = new TestMission();
  created = [];
  told = [];
});
afterEach(() => there.close());

const tasks = ["A", "B", "C"].map((title) => ({ title }));
const make = (before: Outcomes = new Map()) =>
  createMany(there.mission.api, {
    tasks,
    batch: "key",
    before,
    onOutcome: (outcomes) => told.push(outcomes),
    onCreated: ({ id }) => created.push(id),
  });
const next = () => there.call("POST /api/tasks");

test("they are made one after the other, in their order, and each tells when it is", async () => {
  const making = make();
  for (const [at, { title }] of tasks.entries()) {
    const call = await next();
    assert.deepEqual([call.body, there.open], [{ title }, []], "one at a time");
    assert.equal(told.length, at);
    call.answer(task({ id: `task_${title}` }));
  }
  const outcomes = await making;
  assert.deepEqual(created, ["task_A", "task_B", "task_C"]);
  assert.ok(areAllDone(outcomes, 3));
  assert.deepEqual(
    told.map(({ size }) => size),
    [1, 2, 3],
    "what was told stays as it was",
  );
});

test("what was refused says why and holds up nothing; sent again, only that is, under the same key", async () => {
  const first = make();
  const keys: (string | null)[] = [];
  for (const [at] of tasks.entries()) {
    const call = await next();
    keys.push(call.headers.get("idempotency-key"));
    if (at === 1) call.refuse(400, "The title is too long.");
    else call.answer(task({ id: `task_${at}` }));
  }
  const outcomes = await first;
  assert.deepEqual(outcomes.get(1), { failed: "The title is too long." });
  assert.equal(areAllDone(outcomes, 3), false);
  assert.equal(new Set(keys).size, 3);

  const again = make(outcomes);
  const call = await next();
  assert.deepEqual([call.body, call.headers.get("idempotency-key")], [{ title: "B" }, keys[1]]);
  call.answer(task({ id: "task_1" }));
  assert.ok(areAllDone(await again, 3));
  assert.deepEqual(created, ["task_0", "task_2", "task_1"]);
  assert.deepEqual(there.open, []);
});

test("a list of which only a part was sent is not done", () => {
  assert.equal(areAllDone(new Map([[0, "done"]]), 2), false);
  assert.equal(areAllDone(new Map(), 0), true);
});
