import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry } from "./entries.ts";
import { entryMatches } from "./entry-search.ts";

const TOOL: Entry = {
  id: "needle",
  kind: "tool",
  title: "Find the Needle (twice)",
  input: { command: "grep needle", files: ["needle.txt"], depth: 1 },
  output: "hay needle hay NEEDLE",
  state: "completed",
};

test("a text is found in every text of an entry, in any case, with where it stands", () => {
  assert.deepEqual(entryMatches(TOOL, "needle"), [
    { path: "title", start: 9, end: 15 },
    { path: "input.command", start: 5, end: 11 },
    { path: "input.files.0", start: 0, end: 6 },
    { path: "output", start: 4, end: 10 },
    { path: "output", start: 15, end: 21 },
  ]);
  assert.equal(entryMatches(TOOL, "needle", 2).length, 2);
  assert.deepEqual(entryMatches({ kind: "plan", steps: [{ title: "a" }, { title: "[İ]" }] }, "[İ]"), [
    { path: "steps.1.title", start: 0, end: 3 },
  ]);
});

test("what is no text of its own is not looked at, and no text is taken for a pattern", () => {
  for (const q of ["completed", "tool", "(twice", "needle|hay", "n.edle"]) {
    assert.equal(entryMatches(TOOL, q).length, q === "(twice" ? 1 : 0, q);
  }
});
