import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzzyScore } from "./fuzzy.ts";

const order = (typed: string, ...names: string[]) =>
  names
    .filter((name) => fuzzyScore(typed, name) > 0)
    .sort((a, b) => fuzzyScore(typed, b) - fuzzyScore(typed, a));

test("letters are found in their order, wherever they stand, whatever the case", () => {
  assert.ok(fuzzyScore("wrn", "Write the release notes") > 0);
  assert.equal(fuzzyScore("nrw", "Write the release notes"), 0);
  assert.ok(fuzzyScore("RELEASE notes", "Write the release notes") > 0);
  assert.ok(fuzzyScore("", "Anything") > 0);
});

test("words as they were typed come first, then beginnings of words, then letters between others", () => {
  assert.deepEqual(order("not", "Connect", "Write the release notes", "Enough of that"), [
    "Write the release notes",
    "Enough of that",
  ]);
  assert.deepEqual(order("nt", "Cannot", "New task"), ["New task", "Cannot"]);
  assert.deepEqual(order("board", "Dashboard", "Board"), ["Board", "Dashboard"]);
});
