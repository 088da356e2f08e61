import assert from "node:assert/strict";
import { test } from "node:test";
import { between, toggled } from "./use-selection.ts";

const lists = [
  ["a", "b", "c", "d"],
  ["x", "y"],
];

test("a range lies between two in one list, whichever was first", () => {
  assert.deepEqual(between(lists, "b", "d"), ["b", "c", "d"]);
  assert.deepEqual(between(lists, "d", "b"), ["b", "c", "d"]);
  assert.deepEqual(between(lists, "a", "y"), [], "not over the border of two");
  assert.deepEqual(between(lists, null, "y"), []);
  assert.deepEqual(between(lists, "gone", "y"), []);
});

test("one is selected and unselected, a range is added", () => {
  const one = toggled(new Set(), "a", []);
  assert.deepEqual([...one], ["a"]);
  assert.deepEqual([...toggled(one, "a", [])], []);
  assert.deepEqual([...toggled(one, "c", between(lists, "a", "c"))], ["a", "b", "c"]);
  assert.deepEqual([...toggled(one, "a", between(lists, "a", "a"))], []);
});
