import assert from "node:assert/strict";
import { test } from "node:test";
import { ClockOffset } from "./clock-offset.ts";
import { LatencyRecord } from "./latency.ts";
import { quantile } from "./quantiles.ts";

test("a quantile lies between the values around it", () => {
  assert.equal(quantile([], 0.5), null);
  assert.equal(quantile([7], 0.95), 7);
  assert.equal(quantile([30, 10, 20, 40], 0.5), 25);
  assert.equal(quantile([100, 9], 0), 9, "sorted as numbers");
  assert.equal(quantile([1, 2, 3], 1), 3);
});

test("the time to the screen is told by the server's clock, and is never less than nothing", () => {
  const clock = new ClockOffset(false);
  const record = new LatencyRecord(clock);
  record.painted(1_000, 1_200);
  assert.equal(record.quantile(0.5), null, "two clocks that cannot be compared give no time");
  // The server is 5 s ahead, known to half a second.
  clock.sawDateHeader(
    "Mon, 23 Nov 2026 10:00:05 GMT",
    Date.UTC(2026, 10, 23, 10),
    Date.UTC(2026, 10, 23, 10),
  );
  assert.equal(record.error, 500);
  const at = Date.UTC(2026, 10, 23, 10, 0, 10);
  record.painted(at + 5_500, at + 80);
  record.painted(at + 9_000, at);
  assert.deepEqual(
    record.samples.map(({ milliseconds }) => milliseconds),
    [80, 0],
  );
});

test("only the newest samples are kept", () => {
  const record = new LatencyRecord(new ClockOffset(true));
  for (let at = 0; at < 10_000; at++) record.painted(0, at);
  assert.ok(record.samples.length <= 4_000);
  assert.equal(record.samples.at(-1)?.milliseconds, 9_999);
});
