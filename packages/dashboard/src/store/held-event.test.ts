import assert from "node:assert/strict";
import { test } from "node:test";
import { event } from "../../test/support/events.ts";
import { HELD_MESSAGE_LENGTH, hold } from "./held-event.ts";

test("a long message is cut and marked, a short one stays", () => {
  const short = event(1, { message: "short" });
  assert.equal(hold(short), short, "nothing is copied, and nothing added");
  const cut = hold(event(2, { message: "x".repeat(10_000) }));
  assert.equal(cut.clipped, true);
  assert.equal(cut.message?.length, HELD_MESSAGE_LENGTH);
});

test("bulky data is let go, but not the flags the rules read", () => {
  const held = hold(
    event(1, { data: { late: true, state: "requested", request: { title: "y".repeat(5_000) } } }),
  );
  assert.equal(held.clipped, true);
  assert.deepEqual(held.data, { late: true, state: "requested" });
});

test("data is measured as deep as it nests", () => {
  const entry = (text: string) => ({ entry: { kind: "plan", steps: [{ title: "short" }, { title: text }] } });
  assert.equal(hold(event(1, { data: entry("x".repeat(100)) })).clipped, undefined);
  const held = hold(event(2, { data: entry("x".repeat(2_000)) }));
  assert.deepEqual([held.clipped, held.data], [true, { entry: true }]);
});
