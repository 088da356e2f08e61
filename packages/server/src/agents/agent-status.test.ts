import assert from "node:assert/strict";
import { test } from "node:test";
import type { Reachability } from "../gateways/gateway.ts";
import {
  announcedBy,
  reachabilityBy as judge,
  type ReachabilityEvidence,
  statusEvent,
} from "./agent-status.ts";

const at = (minute: number) => new Date(Date.UTC(2026, 10, 23, 10, minute));
const heard = (minute: number) => at(minute).toISOString();
const offline = (minute: number): Reachability => ({
  status: "offline",
  reason: "Nothing listens there.",
  at: at(minute),
});
const online = (minute: number): Reachability => ({ status: "online", at: at(minute) });

/** Judged at a quarter past, where nothing else is said. */
function reachabilityBy(
  evidence: Omit<ReachabilityEvidence, "hasSpokenSince" | "now"> & Partial<ReachabilityEvidence>,
) {
  return judge({ hasSpokenSince: false, now: at(15), ...evidence });
}

test("an agent of which nothing is known was not called yet", () => {
  const { status, reason } = reachabilityBy({ own: null, announced: null, lastSeenAt: null });
  assert.deepEqual([status, reason], ["unknown", "It has not been called yet."]);
});

test("of this node's word and the log's, the newer one counts", () => {
  const before = { own: offline(1), announced: online(2), lastSeenAt: null };
  assert.equal(reachabilityBy(before).status, "online");
  const after = { own: offline(3), announced: online(2), lastSeenAt: null };
  assert.equal(reachabilityBy(after).status, "offline");
  const alone = { own: null, announced: offline(2), lastSeenAt: null };
  assert.equal(reachabilityBy(alone).status, "offline");
});

test("a connection tells how it is now, whatever the log told before", () => {
  const connected: Reachability = { status: "offline", reason: "The gateway is not connected." };
  assert.deepEqual(reachabilityBy({ own: connected, announced: online(9), lastSeenAt: heard(9) }), connected);
});

test("an agent that has said something since it was not reached is there", () => {
  assert.deepEqual(reachabilityBy({ own: offline(1), announced: null, lastSeenAt: heard(2) }), {
    status: "online",
  });
  assert.equal(
    reachabilityBy({ own: offline(2), announced: null, lastSeenAt: heard(1) }).status,
    "offline",
    "what it said before then tells nothing",
  );
});

test("once the clock was set back, what is known now counts, and what was said last", () => {
  const now = at(5);
  const back = { own: online(4), announced: offline(9), lastSeenAt: null, now };
  assert.equal(reachabilityBy(back).status, "online", "called again since");
  const spoken = { own: offline(9), announced: offline(9), lastSeenAt: heard(4), now };
  assert.equal(reachabilityBy({ ...spoken, hasSpokenSince: true }).status, "online");
  assert.equal(reachabilityBy({ ...spoken, hasSpokenSince: false }).status, "offline");
});

test("what is announced is read back as it was", () => {
  const record = {
    id: "agent_1",
    name: "Ada",
    capabilities: [],
    concurrency: 1,
    endpoint: { kind: "http" as const, url: "http://127.0.0.1:1/" },
    createdAt: heard(0),
    updatedAt: heard(0),
  };
  for (const reachability of [offline(3), online(4)]) {
    const { data = {}, timestamp } = statusEvent(record, heard(5), reachability);
    assert.deepEqual(announcedBy({ data, timestamp }), reachability);
  }
  const { data = {}, timestamp } = statusEvent(record, heard(5), { status: "online" });
  assert.deepEqual(announcedBy({ data, timestamp }), online(5), "as of now, where no time is known");
  assert.equal(announcedBy({ data: { change: "edited" }, timestamp }), null);
  assert.equal(announcedBy({ data: { change: "status", status: "asleep" }, timestamp }), null);
});
