import assert from "node:assert/strict";
import { test } from "node:test";
import { ClockOffset } from "./clock-offset.ts";

test("on one machine there is no offset", () => {
  assert.deepEqual(new ClockOffset(true).estimate, { offset: 0, error: 0 });
});

test("many Date headers narrow a clock that is 3,456 ms ahead", () => {
  const ahead = 3_456;
  const clock = new ClockOffset(false);
  assert.equal(new ClockOffset(false).estimate, null);
  for (let sent = 1_000_000; sent < 1_090_000; sent += 977) {
    const answered = sent + 5;
    const second = Math.floor((answered + ahead) / 1_000) * 1_000;
    clock.sawDateHeader(new Date(second).toUTCString(), sent, sent + 10);
  }
  clock.sawEvent(2_000_000 + ahead, 2_000_004);
  const estimate = clock.estimate;
  assert.ok(estimate);
  assert.ok(Math.abs(estimate.offset - ahead) <= estimate.error);
  assert.ok(estimate.error < 40, `error is ${estimate.error}`);
});

test("a clock that was set begins a new estimate", () => {
  const clock = new ClockOffset(true);
  clock.sawDateHeader(new Date(60_000).toUTCString(), 0, 10);
  assert.ok((clock.estimate?.offset ?? 0) > 59_000);
});
