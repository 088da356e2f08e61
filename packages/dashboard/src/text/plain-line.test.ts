import assert from "node:assert/strict";
import { test } from "node:test";
import { plainLine } from "./plain-line.ts";

test("Markdown becomes one line of plain words, and plain words stay", () => {
  assert.equal(plainLine("### 2.4\n\n- **Fast**\n2. `importer` works\n> so"), "2.4 Fast importer works so");
  assert.equal(plainLine("a - b > c # d snake_case 3.5 s"), "a - b > c # d snake_case 3.5 s");
  assert.equal(plainLine(undefined), undefined);
});
