import assert from "node:assert/strict";
import { test } from "node:test";
import { readTaskSearch } from "./task-search.ts";

test("the address holds the tab and the entry; what makes no sense is left out", () => {
  assert.deepEqual(readTaskSearch({ tab: "changes", entry: 42, more: 1 }), { tab: "changes", entry: 42 });
  assert.deepEqual(readTaskSearch({ tab: "nothing", entry: -1 }), {});
  assert.deepEqual(readTaskSearch({ entry: "42" }), {});
});
