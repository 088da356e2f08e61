import assert from "node:assert/strict";
import { test } from "node:test";
import { Pacer } from "./pacer.ts";

test("each item is served once for all it was added before, in turn, and again for what came after", async () => {
  const served: number[] = [];
  const rounds = Promise.withResolvers<void>();
  const pacer: Pacer<number> = new Pacer((item) => {
    served.push(item);
    // What is added while its own round is under way waits for the next one.
    if (served.length === 1) pacer.add(item);
    if (served.length === 101) rounds.resolve();
  });
  for (let item = 0; item < 100; item++) {
    pacer.add(item);
    pacer.add(item);
  }
  await rounds.promise;
  assert.deepEqual(served, [...Array(100).keys(), 0]);
  pacer.close();
});

test("other work on the event loop gets its turn within a round", async () => {
  const served: number[] = [];
  const done = Promise.withResolvers<void>();
  const pacer: Pacer<number> = new Pacer((item) => {
    served.push(item);
    if (served.length === 80) done.resolve();
  });
  for (let item = 0; item < 80; item++) pacer.add(item);
  const between: number[] = [];
  const look = () => {
    between.push(served.length);
    if (served.length < 80) setImmediate(look);
  };
  setImmediate(look);
  await done.promise;
  assert.ok(
    between.some((count) => count > 0 && count < 80),
    between.join(),
  );
  pacer.close();
});

test("closing serves what is due, and nothing afterwards", async () => {
  const served: string[] = [];
  const pacer = new Pacer<string>((item) => served.push(item));
  pacer.add("one");
  pacer.add("other");
  pacer.close();
  assert.deepEqual(served, ["one", "other"]);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(served, ["one", "other"]);
});
