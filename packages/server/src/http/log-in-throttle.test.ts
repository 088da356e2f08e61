import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../test/http-fixture.ts";
import { LogInThrottle } from "./log-in-throttle.ts";

test("waits double up to a minute, each address for itself", () => {
  const clock = new ManualClock();
  const throttle = new LogInThrottle(clock.now);
  const waits: number[] = [];
  for (let tries = 0; tries < 14; tries++) {
    throttle.failed("here");
    waits.push(throttle.secondsToWait("here"));
  }
  assert.deepEqual(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
  assert.equal(throttle.secondsToWait("there"), 0);
  throttle.succeeded("here");
  assert.equal(throttle.secondsToWait("here"), 0);
});

test("a flood from many addresses does not fill the memory, and forgets the oldest first", () => {
  const throttle = new LogInThrottle(new ManualClock().now);
  for (let tries = 0; tries < 6; tries++) throttle.failed("first");
  for (let address = 0; address < 999; address++) throttle.failed(`address ${address}`);
  assert.equal(throttle.secondsToWait("first"), 1);
  throttle.failed("one more");
  assert.equal(throttle.secondsToWait("first"), 0);
});
