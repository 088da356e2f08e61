import assert from "node:assert/strict";
import { test } from "node:test";
import { agentView } from "../../../../test/support/agent-view.ts";
import { hasArrived } from "./arrival.ts";

test("an agent has arrived when it is new, or was taken up again, and is the one that is waited for", () => {
  const before = [agentView("known"), agentView("other")];
  assert.ok(hasArrived(agentView("new"), "new", before));
  assert.ok(!hasArrived(agentView("new"), "another name", before));
  assert.ok(!hasArrived(agentView("known"), "known", before), "it was there before");
  assert.ok(hasArrived(agentView("known", { updatedAt: "2026-11-23T10:00:01.000Z" }), "known", before));
  assert.ok(
    hasArrived(agentView("again", { name: "known" }), "known", before),
    "removed and registered anew",
  );
  assert.ok(hasArrived(agentView("first"), "first", []));
});
