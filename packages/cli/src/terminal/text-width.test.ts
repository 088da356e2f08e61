import assert from "node:assert/strict";
import { test } from "node:test";
import { table } from "./output.ts";
import { clipped, padded, textWidth } from "./text-width.ts";

test("ideographs, syllables and emoji take two cells, marks none", () => {
  assert.deepEqual(
    ["abc", "写手", "한국", "é", "👩\u200d💻!", "ｆｕ", ""].map(textWidth),
    [3, 4, 4, 1, 3, 4, 0],
  );
  assert.equal(padded("写手", 6), "写手  ");
  assert.equal(padded("longer", 2), "longer");
});

test("what is too long ends with an ellipsis, and is cut in no letter", () => {
  assert.equal(clipped("Fix the log-in", 14), "Fix the log-in");
  assert.equal(clipped("Fix the log-in", 9), "Fix the…");
  assert.equal(clipped("写手写手", 6), "写手…");
});

test("columns of a table are aligned whatever stands in them", () => {
  assert.equal(
    table([
      ["写手", "online"],
      ["builder", "busy"],
    ]),
    "写手     online\nbuilder  busy",
  );
});
