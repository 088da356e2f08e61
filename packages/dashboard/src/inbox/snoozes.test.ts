import assert from "node:assert/strict";
import { test } from "node:test";
import type { Shelf } from "../store/shelf.ts";
import { SNOOZE_MS, Snoozes } from "./snoozes.ts";

function shelf(stored: string | null = null): Shelf & { stored: string | null } {
  return {
    stored,
    getItem() {
      return this.stored;
    },
    setItem(_, value) {
      this.stored = value;
    },
    removeItem() {
      this.stored = null;
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

test("what was stored by something else does no harm", () => {
  for (const stored of ["no JSON", "{}", '[1,["a"],["b",2]]']) {
    assert.equal(new Snoozes(shelf(stored), () => 0).has("a"), false);
  }
});

test("a clock that was set back does not put off for years, one that was set right by a moment changes nothing", () => {
  let now = Date.parse("2036-01-01T00:00:00.000Z");
  const snoozes = new Snoozes(shelf(), () => now);
  snoozes.add("a");
  now -= 5_000;
  assert.equal(snoozes.has("a"), true);
  now = Date.parse("2026-01-01T00:00:00.000Z");
  assert.deepEqual([snoozes.has("a"), snoozes.nextEnd], [false, null]);
  snoozes.add("b");
  assert.equal(snoozes.nextEnd, now + SNOOZE_MS);
});

test("of what is put off the newest is remembered, without end", () => {
  const place = shelf();
  const snoozes = new Snoozes(place, () => 0);
  for (let at = 0; at < 600; at++) snoozes.add(`k${at}`);
  assert.deepEqual([snoozes.has("k99"), snoozes.has("k100"), snoozes.has("k599")], [false, true, true]);
  assert.equal(JSON.parse(place.stored ?? "[]").length, 500);
});
