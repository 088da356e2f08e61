import assert from "node:assert/strict";
import { test } from "node:test";
import { fullJitter } from "./backoff.ts";

const backoff = { firstMs: 100, longestMs: 1000 };

test("the bound doubles with each try up to the longest wait", () => {
  const bounds = [0, 1, 2, 3, 4, 50].map((tries) => fullJitter(backoff, tries, () => 1));
  assert.deepEqual(bounds, [100, 200, 400, 800, 1000, 1000]);
});

test("the wait is spread over everything below the bound", () => {
  assert.equal(
    fullJitter(backoff, 2, () => 0),
    0,
  );
  assert.equal(
    fullJitter(backoff, 2, () => 0.25),
    100,
  );
});
