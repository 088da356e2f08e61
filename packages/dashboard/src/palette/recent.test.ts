import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { becomePage, type PageGlobals } from "../../test/support/page-globals.ts";
import { noteVisit, readVisits, visitOf } from "./recent.ts";

let page: PageGlobals;
beforeEach(() => {
  page = becomePage("http://127.0.0.1/");
});
afterEach(() => page.restore());

test("tasks and agents are what one comes back to, wherever they are open", () => {
  assert.deepEqual(visitOf("/tasks/task%3A1", {}), { kind: "task", id: "task:1" });
  assert.deepEqual(visitOf("/board", { task: "task_2" }), { kind: "task", id: "task_2" });
  assert.deepEqual(visitOf("/agents", { agent: "agent_1" }), { kind: "agent", id: "agent_1" });
  assert.equal(visitOf("/board", {}), null);
  assert.equal(visitOf("/settings", { task: "task_2" }), null);
});

test("the latest visit is first, each thing once, and the oldest go", () => {
  for (let at = 0; at < 10; at++) noteVisit({ kind: "task", id: `t${at}` });
  noteVisit({ kind: "task", id: "t5" });
  assert.deepEqual(
    readVisits().map(({ id }) => id),
    ["t5", "t9", "t8", "t7", "t6", "t4", "t3", "t2"],
  );
});

test("what is not understood, of another version say, is passed over", () => {
  page.storage.set("mission-control.recent", '[{"kind":"page","id":"x"},null,{"kind":"agent","id":"a"}]');
  assert.deepEqual(readVisits(), [{ kind: "agent", id: "a" }]);
  page.storage.set("mission-control.recent", "{not json");
  assert.deepEqual(readVisits(), []);
});
