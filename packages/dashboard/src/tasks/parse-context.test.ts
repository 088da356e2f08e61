import assert from "node:assert/strict";
import { test } from "node:test";
import { parseContext } from "./parse-context.ts";

test("a context is a JSON object; nothing written is an empty one", () => {
  assert.deepEqual(parseContext('{ "branch": "main", "deep": { "a": [1] } }'), {
    branch: "main",
    deep: { a: [1] },
  });
  assert.deepEqual(parseContext(" \n"), {});
});

test("anything else is refused, whatever else of JSON it is", () => {
  for (const written of ["null", "[1]", "1", '"words"', "true", "{", "branch: main", "{} {}"]) {
    assert.equal(parseContext(written), null, written);
  }
});
