import assert from "node:assert/strict";
import { test } from "node:test";
import { byClock, isCurrent, type LiveStatus } from "./status.ts";

test("every time of a status is told by the tab's clock", () => {
  assert.deepEqual(byClock({ phase: "live", since: 100, caughtUp: 3 }, 50), {
    phase: "live",
    since: 150,
    caughtUp: 3,
  });
  const waiting = { attempt: 2, retryAt: 900, staleSince: 100 };
  assert.deepEqual(byClock({ phase: "offline", ...waiting }, -40), {
    phase: "offline",
    attempt: 2,
    retryAt: 860,
    staleSince: 60,
  });
  const lost: LiveStatus = { phase: "reconnecting", ...waiting, staleSince: null, reason: "HTTP 503" };
  assert.deepEqual(byClock(lost, 10), { ...lost, retryAt: 910 });
  assert.deepEqual(byClock({ phase: "signed_out" }, 10), { phase: "signed_out" });
});

test("only a live connection shows what is current", () => {
  assert.equal(isCurrent({ phase: "live", since: 0, caughtUp: 0 }), true);
  assert.equal(isCurrent({ phase: "catching_up", received: 1, remaining: 2 }), false);
});
