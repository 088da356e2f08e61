import assert from "node:assert/strict";
import { test } from "node:test";
import { formatSize } from "./size.ts";

test("bytes as people say them", () => {
  assert.deepEqual([0, 999, 1_000, 9_949, 12_400, 999_600, 120_000_000].map(formatSize), [
    "0 B",
    "999 B",
    "1.0 kB",
    "9.9 kB",
    "12 kB",
    "1.0 MB",
    "120 MB",
  ]);
});
