import assert from "node:assert/strict";
import { test } from "node:test";
import type { InboxItem } from "@mission-control/protocol";
import fc from "fast-check";
import { task } from "../../test/support/events.ts";
import { inboxKey } from "./inbox-items.ts";
import { type Chosen, inboxMove, indexOfChosen } from "./inbox-keys.ts";

const review = (id: string): InboxItem => ({
  kind: "review",
  since: "2026-11-23T10:00:00.000Z",
  task: task({ id, status: "review" }),
});
const items = ["a", "b", "c"].map(review);
const at = (index: number): Chosen => ({ key: inboxKey(items[index] as InboxItem), index });
const none = (_taskId: string) => false;
/** Where a key goes to, or what it does to which task. */
function press(name: string, chosen: Chosen | null, isInside = true, isHeld = false, isPending = none) {
  const move = inboxMove({ name, isHeld }, items, chosen, isInside, isPending);
  if (!move) return null;
  return move.kind === "go" ? move.to.index : `${move.act.kind} ${move.item.task.id}`;
}

test("up and down go from one to the next and stay at the ends, also while a key is held", () => {
  assert.equal(press("j", null), 1);
  assert.equal(press("ArrowDown", at(1), true, true), 2);
  assert.equal(press("j", at(2)), 2);
  assert.equal(press("k", at(0)), 0);
  assert.equal(press("ArrowUp", at(2)), 1);
});

test("from elsewhere on the page, the first step is to the one that is chosen", () => {
  assert.equal(press("j", null, false), 0);
  assert.equal(press("k", at(1), false), 1);
});

test("a key acts on the chosen one, and says which it was, so that the next takes its place", () => {
  assert.equal(press("a", at(1)), "approve b");
  assert.equal(press("r", null), "reject a");
  const move = inboxMove({ name: "s", isHeld: false }, items, at(2), true, none);
  assert.deepEqual(move?.kind === "act" && move.chosen, at(2));
});

test("a key that is held does not deal with what comes up under it", () => {
  assert.equal(press("a", at(0), true, true), null);
});

test("while something is being done to a task nothing else is, and other keys mean nothing", () => {
  assert.equal(
    press("a", at(1), true, false, (id) => id === "b"),
    null,
  );
  assert.equal(
    press("a", at(0), true, false, (id) => id === "b"),
    "approve a",
  );
  for (const name of ["z", "Enter", "1", "constructor", ""]) assert.equal(press(name, at(0)), null, name);
});

test("the chosen one is found wherever it has moved to; where it is gone, its place counts", () => {
  const ids = fc.uniqueArray(fc.constantFrom(..."abcdef"), { maxLength: 6 });
  fc.assert(
    fc.property(ids, ids, fc.nat(5), (before, after, index) => {
      const chosen = before[index];
      const shown = after.map(review);
      const was = chosen === undefined ? null : { key: inboxKey(review(chosen)), index };
      const now = indexOfChosen(shown, was);
      if (after.length === 0) assert.equal(now, -1);
      else if (chosen !== undefined && after.includes(chosen)) assert.equal(after[now], chosen);
      else assert.equal(now, Math.min(was?.index ?? 0, after.length - 1));
    }),
  );
});

test("in an empty inbox no key does anything", () => {
  for (const name of ["j", "k", "a", "s"]) {
    assert.equal(inboxMove({ name, isHeld: false }, [], at(1), true, none), null, name);
  }
});
