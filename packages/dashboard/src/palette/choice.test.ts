import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { indexOfChoice, stepFrom } from "./choice.ts";

const lines = (...ids: string[]) => ids.map((id) => ({ id }));

test("the first line is chosen until somebody goes to another, round the ends", () => {
  const shown = lines("a", "b", "c");
  assert.equal(indexOfChoice(shown, null), 0);
  assert.deepEqual(stepFrom(shown, 0, 1), { id: "b", index: 1 });
  assert.deepEqual(stepFrom(shown, 2, 1), { id: "a", index: 0 });
  assert.deepEqual(stepFrom(shown, 0, -1), { id: "c", index: 2 });
  assert.deepEqual([stepFrom([], -1, 1), stepFrom([], -1, -1), indexOfChoice([], null)], [null, null, -1]);
});

test("what was found late comes in around the chosen line, and never under it", () => {
  const ids = fc.uniqueArray(fc.constantFrom(..."abcdefgh"), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(ids, ids, fc.nat(7), (before, after, at) => {
      const index = at % before.length;
      const id = before[index] ?? "";
      const now = indexOfChoice(lines(...after), { id, index });
      if (after.includes(id)) assert.equal(after[now], id);
      else assert.equal(now, Math.min(index, after.length - 1));
    }),
  );
});
