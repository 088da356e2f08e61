import assert from "node:assert/strict";
import { test } from "node:test";
import type { SavedView } from "@mission-control/protocol";
import { isShown, savedSearch, viewTarget } from "./view-address.ts";

const view = (page: "activity" | "board", search: string): SavedView => ({
  id: "view_1",
  name: "A view",
  page,
  search,
  createdAt: "2026-11-23T10:00:00.000Z",
});

test("a view keeps the filters of a page, and not what is open on it", () => {
  assert.equal(
    savedSearch("activity", { event: 12, types: "error", raw: true, nonsense: 1 }),
    "raw=true&types=error",
  );
  assert.equal(savedSearch("board", { task: "task_1", tab: "changes", create: "one", tag: "ci" }), "tag=ci");
  assert.equal(savedSearch("board", {}), "");
});

test("the same filters are the same words, in whatever order the address has them", () => {
  const one = savedSearch("board", { tag: "ci", q: "log in", view: "list" });
  assert.equal(savedSearch("board", { view: "list", q: "log in", tag: "ci" }), one);
});

test("a view leads back to the filters it was saved from, whatever letters they hold", () => {
  for (const search of [
    { q: "50 % & more = \u00fc\u4e2d\u{1f600}?#" },
    { q: "true" },
    { q: "42", tag: "7" },
    { agent: "agent_1", tag: "a,b" },
  ]) {
    const saved = savedSearch("board", search);
    assert.match(saved, /^[!-~]*$/, "what the server takes");
    assert.deepEqual(viewTarget(view("board", saved)).search, search);
  }
});

test("a view of types, or of an address, that this page does not know shows what it can", () => {
  assert.deepEqual(viewTarget(view("activity", "types=error,unheard&event=3")).search, {
    types: "error",
    event: 3,
  });
  assert.deepEqual(viewTarget(view("board", "%E0%A4%A&view=cards")).search, {});
});

test("what is shown is a view when page and filters are its own", () => {
  const problems = view("activity", "types=error&event=3");
  assert.ok(isShown(problems, "activity", savedSearch("activity", { types: "error" })));
  assert.ok(!isShown(problems, "board", ""));
  assert.ok(!isShown(problems, "activity", savedSearch("activity", { types: "error", q: "x" })));
});
