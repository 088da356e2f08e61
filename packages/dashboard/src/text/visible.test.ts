import assert from "node:assert/strict";
import { test } from "node:test";
import { visiblePieces, visibleText } from "./visible.ts";

test("what hides or turns text is named", () => {
  assert.equal(visibleText("a\u202Egpj.exe"), "a[U+202E]gpj.exe");
  assert.equal(visibleText("pay\u200Bpal"), "pay[U+200B]pal");
  assert.equal(visibleText("\u2066x\u2069\uFEFF\u0007"), "[U+2066]x[U+2069][U+FEFF][U+0007]");
  assert.equal(visibleText("tag\u{E0041}"), "tag[U+E0041]");
});

test("line breaks, tabs, emoji and scripts that need joiners stay whole", () => {
  for (const words of ["two\nlines\tand\r\nmore", "👩‍👩‍👧", "می‌خواهم", "שלום"]) {
    assert.deepEqual(visiblePieces(words), [{ text: words, hidden: false, at: 0 }]);
  }
});
