import assert from "node:assert/strict";
import { test } from "node:test";
import { Gathering } from "./gathering.ts";

test("a node that is alone gathers nothing", () => {
  const gathering = new Gathering(() => 0);
  assert.equal(gathering.pause(1), 0);
  gathering.begin();
  gathering.made(20, false);
  assert.equal(gathering.pause(1), 0);
});

test("where others commit too, a commit waits until nearly as many have come as usual, or for some milliseconds", () => {
  let now = 100;
  const gathering = new Gathering(() => now);
  assert.equal(gathering.begin(), 100);
  gathering.made(20, true);
  assert.equal(gathering.isShared, true);
  now = 102;
  assert.equal(gathering.pause(15), 6);
  assert.equal(gathering.pause(16), 0);
  now = 200;
  assert.equal(gathering.pause(1), 0);
});

test("what is usual follows a rush at once, and a lull after some commits", () => {
  const gathering = new Gathering(() => 0);
  const commit = (operations: number) => {
    gathering.begin();
    gathering.made(operations, true);
  };
  commit(1);
  assert.equal(gathering.pause(1), 0);
  commit(100);
  commit(1);
  assert.ok(gathering.pause(10) > 0);
  for (let commits = 0; commits < 100; commits++) commit(1);
  assert.equal(gathering.pause(1), 0);
});
