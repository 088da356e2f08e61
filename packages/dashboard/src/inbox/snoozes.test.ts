import assert from "node:assert/strict";
import { test } from "node:test";
import { type Shelf, SNOOZE_MS, Snoozes } from "./snoozes.ts";

function shelf(stored: string | null = null): Shelf & { stored: string | null } {
  return {
    stored,
    getItem() {
      return this.stored;
    },
    setItem(_, value) {
      this.stored = value;
    },
  };
}

test("what is put off comes back by itself, and is put off for a page opened later too", () => {
  let now = 1_000;
  const place = shelf();
  const snoozes = new Snoozes(place, () => now);
  assert.equal(snoozes.nextEnd, null);
  snoozes.add("a");
  assert.equal(snoozes.has("a"), true);
  assert.equal(new Snoozes(place, () => now).has("a"), true);
  assert.equal(snoozes.nextEnd, 1_000 + SNOOZE_MS);
  now += SNOOZE_MS;
  assert.equal(snoozes.has("a"), false);
  assert.equal(snoozes.nextEnd, null);
});

test("two tabs do not undo each other, and everything can be brought back", () => {
  const place = shelf();
  const one = new Snoozes(place, () => 0);
  const other = new Snoozes(place, () => 0);
  one.add("a");
  other.add("b");
  one.reread();
  assert.deepEqual([one.has("a"), one.has("b")], [true, true]);
  one.clear();
  other.reread();
  assert.deepEqual([other.has("a"), other.has("b")], [false, false]);
});

test("what was stored by something else, or cannot be stored, does no harm", () => {
  for (const stored of ["no JSON", "{}", '[1,["a"],["b",2]]']) {
    assert.equal(new Snoozes(shelf(stored), () => 0).has("a"), false);
  }
  const closed: Shelf = {
    getItem: () => {
      throw new Error("closed");
    },
    setItem: () => {
      throw new Error("closed");
    },
  };
  const snoozes = new Snoozes(closed, () => 0);
  snoozes.add("a");
  assert.equal(snoozes.has("a"), true);
});
