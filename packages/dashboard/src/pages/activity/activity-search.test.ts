import assert from "node:assert/strict";
import { test } from "node:test";
import { readActivitySearch, splitTypes } from "./activity-search.ts";

test("an address is read as far as it makes sense", () => {
  const search = { task: "task_1", agent: "agent_1", types: "error,complete", q: "auth", event: 12 };
  assert.deepEqual(readActivitySearch(search), { ...search, types: "complete,error" });
  assert.deepEqual(readActivitySearch({ task: 1, agent: "", types: "nonsense", q: "", event: "12" }), {});
  assert.deepEqual(readActivitySearch({ event: 1.5 }), {}, "a position is a whole number");
});

test("digits somebody searches for stay words: an address gives them as a number", () => {
  assert.deepEqual(readActivitySearch({ q: 404 }), { q: "404" });
});

test("types come in the order of the filter's boxes, each once, unknown ones left out", () => {
  assert.deepEqual(splitTypes("task,activity,bogus,task"), ["activity", "task"]);
  assert.deepEqual(splitTypes("artifact,message"), ["message", "artifact"]);
  assert.deepEqual(splitTypes(undefined), []);
});
