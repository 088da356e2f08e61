import assert from "node:assert/strict";
import { test } from "node:test";
import { Readiness } from "./readiness.ts";

test("however often it is asked, the store is asked once a second, and its answer believed so long", async () => {
  let now = 0;
  let asked = 0;
  let reason: string | null = null;
  const unavailableReason = async () => {
    asked++;
    return reason;
  };
  const readiness = new Readiness({ unavailableReason }, () => now);
  const answers = await Promise.all(Array.from({ length: 500 }, () => readiness.unreadyReason()));
  assert.deepEqual([asked, new Set(answers)], [1, new Set([null])]);
  reason = "The disk is full.";
  now = 999;
  assert.equal(await readiness.unreadyReason(), null);
  now = 1000;
  assert.equal(await readiness.unreadyReason(), reason);
  assert.equal(asked, 2);
  readiness.stop();
  now = 5000;
  assert.equal(await readiness.unreadyReason(), "The server is stopping.");
  assert.equal(asked, 2);
});
