import assert from "node:assert/strict";
import { test } from "node:test";
import type { InsightFigures } from "@mission-control/protocol";
import { successOf } from "./use-agent-figures.ts";

const ended = (counts: Partial<InsightFigures["ended"]>) => ({ ended: counts }) as InsightFigures;

test("what an agent completed is a share of what ended by itself: what somebody cancelled is not counted", () => {
  const counts = { completed: 7, failed: 1, rejected: 1, lost: 1, cancelled: 90 };
  assert.deepEqual(successOf(ended(counts)), { percent: 70, attempts: 10 });
  assert.equal(successOf(ended({ cancelled: 3 })), null);
  assert.equal(successOf(undefined), null);
});
