import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_WAIT_MS, reconnectDelay } from "./backoff.ts";

test("waits grow to a ceiling, and luck spreads them over the whole of it", () => {
  const longest = (attempt: number) => reconnectDelay(attempt, 2_000, () => 1);
  assert.deepEqual([1, 2, 3].map(longest), [2_000, 4_000, 8_000]);
  assert.equal(longest(60), MAX_WAIT_MS);
  assert.equal(
    reconnectDelay(5, 2_000, () => 0),
    0,
  );
});
