import assert from "node:assert/strict";
import { test } from "node:test";
import { readActivitySearch, splitTypes } from "../pages/activity/activity-search.ts";
import { readBoardSearch } from "../pages/board/board-search.ts";
import { readTaskSearch } from "../pages/task/task-search.ts";

test("what an address says that makes no sense is left out, and the rest holds", () => {
  assert.deepEqual(
    readActivitySearch({
      task: 7,
      agent: "",
      types: "error,unheard,complete",
      raw: "true",
      event: 1.5,
      q: 42,
    }),
    { types: "complete,error", q: "42" },
  );
  assert.deepEqual(readActivitySearch({ types: "unheard", event: 12, raw: true }), { event: 12, raw: true });
  assert.deepEqual(
    readBoardSearch({ q: 404, agent: ["a"], tag: "", view: "cards", create: "three", task: "task_1" }),
    { q: "404", task: "task_1" },
  );
  assert.deepEqual(readTaskSearch({ tab: "nothing", entry: -1, say: "yes" }), {});
  assert.deepEqual(readTaskSearch({ tab: "raw", entry: 3, say: true }), { tab: "raw", entry: 3, say: true });
});

test("types stand in one order and once, so that one choice is one address", () => {
  assert.deepEqual(splitTypes("error,complete,error"), ["complete", "error"]);
  assert.deepEqual(splitTypes(undefined), []);
});
