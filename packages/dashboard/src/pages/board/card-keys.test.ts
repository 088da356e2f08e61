import assert from "node:assert/strict";
import { test } from "node:test";
import { nextCard } from "./card-keys.ts";

const columns = [["a1", "a2", "a3"], ["b1"], ["c1", "c2"]];
const [left, right, up, down] = [
  [-1, 0],
  [1, 0],
  [0, -1],
  [0, 1],
] as const;

test("up and down stay in the column, and end at its ends", () => {
  assert.equal(nextCard(columns, "a1", down), "a2");
  assert.equal(nextCard(columns, "a3", down), undefined);
  assert.equal(nextCard(columns, "a1", up), undefined);
});

test("left and right go to the card of the same height, or to the last there is", () => {
  assert.equal(nextCard(columns, "a1", right), "b1");
  assert.equal(nextCard(columns, "a3", right), "b1");
  assert.equal(nextCard(columns, "c2", left), "b1");
  assert.equal(nextCard(columns, "c1", right), undefined);
  assert.equal(nextCard(columns, "a2", left), "a2", "the first column is the end");
});

test("from nowhere, or from a card that is gone, every key begins at the first", () => {
  for (const step of [left, right, up, down]) {
    assert.equal(nextCard(columns, null, step), "a1");
    assert.equal(nextCard(columns, "gone", step), "a1");
    assert.equal(nextCard([], null, step), undefined);
  }
});
