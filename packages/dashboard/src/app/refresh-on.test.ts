import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import type { EventType } from "@mission-control/protocol";
import { held } from "../../test/support/events.ts";
import type { BatchListener } from "./mission.ts";
import { refreshOn } from "./refresh-on.ts";

let listeners: Set<BatchListener>;
let readings: { end(): void; fail(): void }[];
let stop: () => void;
beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  listeners = new Set();
  readings = [];
  const onBatch = (listener: BatchListener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  stop = refreshOn(
    { onBatch },
    {
      matters: ({ type }) => type === "dispatch",
      everyMs: 1_000,
      refresh: () => {
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        readings.push({ end: resolve, fail: () => reject(new Error("no answer")) });
        return promise;
      },
    },
  );
});
afterEach(() => {
  stop();
  mock.timers.reset();
});

const comes = (...types: EventType[]) => {
  for (const listener of listeners)
    listener(
      types.map((type, at) => held(at + 1, { type })),
      [],
    );
};
const settled = () => new Promise((resolve) => setImmediate(resolve));
async function ended(): Promise<void> {
  readings.at(-1)?.end();
  await settled();
}

test("whatever comes within the time is one reading, and what does not matter is none", async () => {
  comes("activity", "error");
  mock.timers.tick(5_000);
  assert.equal(readings.length, 0);
  for (let at = 0; at < 100; at++) comes("activity", "dispatch");
  mock.timers.tick(999);
  assert.equal(readings.length, 0);
  mock.timers.tick(1);
  assert.equal(readings.length, 1);
  await ended();
  mock.timers.tick(60_000);
  assert.equal(readings.length, 1);
  comes("dispatch");
  mock.timers.tick(1_000);
  assert.equal(readings.length, 2);
});

test("on a slow line a reading is waited for, and what came meanwhile is read after it", async () => {
  comes("dispatch");
  mock.timers.tick(1_000);
  for (let second = 0; second < 10; second++) {
    comes("dispatch");
    mock.timers.tick(1_000);
  }
  assert.equal(readings.length, 1, "not given up for another");
  await ended();
  mock.timers.tick(999);
  assert.equal(readings.length, 1);
  mock.timers.tick(1);
  assert.equal(readings.length, 2);
  await ended();
  mock.timers.tick(60_000);
  assert.equal(readings.length, 2);
});

test("a reading that never ends does not keep the next from being made", async () => {
  comes("dispatch");
  mock.timers.tick(1_000);
  comes("dispatch");
  mock.timers.tick(15_000);
  await settled();
  mock.timers.tick(1_000);
  assert.equal(readings.length, 2);
});

test("a reading that failed is no reason to stop", async () => {
  comes("dispatch");
  mock.timers.tick(1_000);
  comes("dispatch");
  readings[0]?.fail();
  await settled();
  mock.timers.tick(1_000);
  assert.equal(readings.length, 2);
});

test("after it was stopped nothing is read: neither what waits, nor what is due after a reading", async () => {
  comes("dispatch");
  stop();
  mock.timers.tick(1_000);
  assert.deepEqual([readings.length, listeners.size], [0, 0]);
});

test("stopped while it reads, it does not begin again", async () => {
  comes("dispatch");
  mock.timers.tick(1_000);
  comes("dispatch");
  stop();
  await ended();
  mock.timers.tick(60_000);
  assert.equal(readings.length, 1);
});
