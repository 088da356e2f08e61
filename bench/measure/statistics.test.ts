import assert from "node:assert/strict";
import { test } from "node:test";
import { Histogram } from "./histogram.ts";
import { median, percentile, ratio, spread, withSpread } from "./statistics.ts";

test("the median is the middle value, or the mean of the middle two", () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.throws(() => median([]), RangeError);
});

test("the spread is half the range as a part of the median", () => {
  assert.equal(spread([90, 100, 110]), 0.1);
  assert.equal(
    withSpread([90, 100, 110], (value) => `${value} kB`),
    "100 kB ± 10 %",
  );
});

test("percentiles are values that occurred", () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.equal(percentile(values, 0.5), 50);
  assert.equal(percentile(values, 0.99), 99);
  assert.equal(percentile([7], 0.99), 7);
});

test("a ratio to nothing is a dash", () => {
  assert.equal(ratio(Number.NaN), "–");
  assert.equal(ratio(1.5), "1.50 ×");
});

test("a histogram tells percentiles to 10 µs under a second, to 10 ms beyond", () => {
  const histogram = new Histogram();
  for (let index = 1; index <= 100; index++) histogram.record(index * 1000);
  assert.equal(histogram.percentile(0.5), 50.01);
  assert.equal(histogram.percentile(1), 100.01);
  histogram.record(5_004_000);
  assert.equal(histogram.percentile(1), 5010);
  histogram.reset();
  assert.equal(histogram.percentile(0.5), 0);
});
