import assert from "node:assert/strict";
import { test } from "node:test";
import { increases, readCallbackCounts } from "./callback-counts.ts";

test("finds the counters among everything else the server counts", () => {
  const text = [
    "# HELP mission_control_callbacks_total Callbacks by how they were answered.",
    'mission_control_callbacks_total{result="stored"} 12',
    'mission_control_callbacks_total{result="not_found"} 1.5e+3',
    'mission_control_dispatches_total{outcome="accepted"} 9',
  ].join("\n");
  assert.deepEqual(readCallbackCounts(text), { stored: 12, not_found: 1_500 });
});

test("counts between samples, also over a restart of the server", () => {
  const steps = increases([
    { at: 0, counts: { stored: 10 } },
    { at: 1, counts: { stored: 14, duplicate: 1 } },
    { at: 2, counts: { stored: 3, duplicate: 0 } },
  ]);
  assert.deepEqual(steps, [
    { at: 1, counts: { stored: 4, duplicate: 1 } },
    { at: 2, counts: { stored: 3, duplicate: 0 } },
  ]);
});
