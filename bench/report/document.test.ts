import assert from "node:assert/strict";
import { test } from "node:test";
import { placeTable, toMarkdown } from "./document.ts";

const table = { name: "speed", title: "Speed" };

test("a table replaces what was between its markers, and nothing else", () => {
  const before =
    "# Performance\n\nBy hand.\n\n<!-- bench:speed -->\nold\n<!-- /bench:speed -->\n\nAlso by hand.\n";
  assert.equal(placeTable(before, table, "new"), before.replace("old", "new"));
});

test("a table the document does not have goes to its end", () => {
  const placed = placeTable("# Performance\n", table, "new");
  assert.equal(placed, "# Performance\n\n### Speed\n\n<!-- bench:speed -->\nnew\n<!-- /bench:speed -->\n");
  assert.equal(placeTable(placed, table, "newer"), placed.replace("new\n", "newer\n"));
});

test("a result becomes a Markdown table with its notes under it", () => {
  const text = toMarkdown({ columns: ["", "n"], rows: [["R", "1"]], notes: ["Note."] });
  assert.equal(text, "|  | n |\n| --- | --- |\n| R | 1 |\n\nNote.");
});
