import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../test/http-fixture.ts";
import { LogInThrottle } from "./log-in-throttle.ts";

/** Fails once more, as soon as that is allowed. Returns how long that took, in seconds. */
function failWhenAllowed(throttle: LogInThrottle, clock: ManualClock, address: string): number {
  const wait = throttle.failed(address);
  if (wait === 0) return 0;
  clock.advance(wait * 1000);
  assert.equal(throttle.failed(address), 0);
  return wait;
}

test("after a few failures the waits double up to a minute, each address for itself", () => {
  const clock = new ManualClock();
  const throttle = new LogInThrottle(clock.now);
  const waits = Array.from({ length: 15 }, () => failWhenAllowed(throttle, clock, "here"));
  assert.deepEqual(waits, [0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
  assert.equal(throttle.failed("there"), 0);
});

test("who does not wait is told how long it still is, and makes it no longer", () => {
  const clock = new ManualClock();
  const throttle = new LogInThrottle(clock.now);
  for (let tries = 0; tries < 8; tries++) failWhenAllowed(throttle, clock, "here");
  for (let tries = 0; tries < 100; tries++) assert.equal(throttle.failed("here"), 4);
  clock.advance(2500);
  assert.equal(throttle.failed("here"), 2);
});

test("an address that has not failed for long begins anew", () => {
  const clock = new ManualClock();
  const throttle = new LogInThrottle(clock.now);
  for (let tries = 0; tries < 12; tries++) failWhenAllowed(throttle, clock, "here");
  clock.advance(15 * 60_000);
  const waits = Array.from({ length: 7 }, () => failWhenAllowed(throttle, clock, "here"));
  assert.deepEqual(waits, [0, 0, 0, 0, 0, 0, 1]);
});

test("a flood from many addresses does not fill the memory, and forgets the oldest first", () => {
  const throttle = new LogInThrottle(new ManualClock().now);
  for (let tries = 0; tries < 6; tries++) throttle.failed("first");
  for (let address = 0; address < 999; address++) throttle.failed(`address ${address}`);
  assert.equal(throttle.failed("first"), 1);
  throttle.failed("one more");
  assert.equal(throttle.failed("first"), 0);
});
