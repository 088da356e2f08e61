import assert from "node:assert/strict";
import { test } from "node:test";
import { plainLine } from "./plain-line.ts";

test("Markdown becomes one line of plain words, and plain words stay", () => {
  assert.equal(plainLine("### 2.4\n\n- **Fast**\n2. `importer` works\n> so"), "2.4 Fast importer works so");
  assert.equal(plainLine("a - b > c # d snake_case 3.5 s"), "a - b > c # d snake_case 3.5 s");
  assert.equal(plainLine("2 * 3 * 4, __init__.py **, a*b*c"), "2 * 3 * 4, init.py **, a*b*c");
  assert.equal(plainLine("a | b is an or"), "a | b is an or");
  assert.equal(plainLine(undefined), undefined);
});

test("a table loses its pipes and its rule", () => {
  const table = "Results:\n\n| case | time |\n|:-----|---:|\n| cold | 1.2 s |\n| warm | |\n\nDone";
  assert.equal(plainLine(table), "Results: case, time cold, 1.2 s warm Done");
});

test("links keep their words, boxes, rules and fences say nothing", () => {
  assert.equal(
    plainLine('See [the log](https://example.com/a_b "title") and ![a cat](cat.png)'),
    "See the log and a cat",
  );
  assert.equal(plainLine("- [x] one\n- [ ] two\n\n---\n\n```ts\nlet a = 1;\n```"), "one two let a = 1;");
  assert.equal(plainLine("*really* ~~not~~ **a *very* one**"), "really not a very one");
});

test("a long text costs no more than a short one", () => {
  const began = performance.now();
  for (const evil of ["**a ", "*a ", "[a](", "| ", "- ", ":-|", "`", "__a__b"])
    plainLine(evil.repeat(200_000));
  assert.ok(performance.now() - began < 5_000);
});
