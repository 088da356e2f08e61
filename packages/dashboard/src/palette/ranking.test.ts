import assert from "node:assert/strict";
import { test } from "node:test";
import { ranked, searchedTasks } from "./ranking.ts";

const items = [
  { name: "Cancel task: Fix the log-in", beyond: "Fix the log-in" },
  { name: "Board" },
  { name: "Fix the log-in" },
  { name: "Backlog insights" },
];
const found = (typed: string) => ranked(typed, items, 10).map(({ name }) => name);

test("who types a title finds the thing; who types what to do as well finds that", () => {
  assert.deepEqual(found("fix log"), ["Fix the log-in"]);
  assert.deepEqual(found("cancel fix"), ["Cancel task: Fix the log-in"]);
});

test("the best is first, and where nothing was typed all is there in its order, without what is done to things", () => {
  assert.deepEqual(found("log"), ["Fix the log-in", "Backlog insights"]);
  assert.deepEqual(found("  "), ["Board", "Fix the log-in", "Backlog insights"]);
  assert.equal(ranked("o", items, 1).length, 1);
});

test("of many tasks the latest are looked through, and what the server finds beyond them is there too", () => {
  const known = ["old", "older than new", "new"].map((id) => ({ id }));
  const found = [{ id: "old" }, { id: "new" }, { id: "elsewhere" }];
  assert.deepEqual(
    searchedTasks(known, found, 2).map(({ id }) => id),
    ["new", "older than new", "old", "elsewhere"],
  );
  assert.deepEqual(searchedTasks([], found, 2), found);
});
