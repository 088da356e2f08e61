import assert from "node:assert/strict";
import { test } from "node:test";
import { idSchema } from "@mission-control/protocol";
import { newId } from "./ids.ts";

test("an id is its prefix and 26 characters the protocol accepts", () => {
  const id = newId("task");
  assert.match(id, /^task_[0-9A-HJKMNP-TV-Z]{26}$/);
  assert.equal(idSchema.parse(id), id);
});

test("ids sort by their time", () => {
  const times = [0, 1, 31, 32, 1_700_000_000_000, 1_700_000_000_001, 2 ** 48 - 1];
  const ids = times.map((time) => newId("dispatch", time));
  assert.deepEqual([...ids].sort(), ids);
  // The example of the ULID specification.
  assert.equal(newId("x", 1469918176385).slice(2, 12), "01ARYZ6S41");
});

test("ids of one millisecond differ, and sort in the order they were made", () => {
  const ids = Array.from({ length: 1000 }, () => newId("task", 1));
  assert.equal(new Set(ids).size, 1000);
  assert.deepEqual([...ids].sort(), ids);
});
