import assert from "node:assert/strict";
import { test } from "node:test";
import type { Endpoint, TaskView } from "@mission-control/protocol";
import { beginsAttempt, whyNotNow } from "./composer-rules.ts";

const subject = (status: TaskView["status"], more: Partial<TaskView> = {}) => ({
  status,
  dispatchId: "d1",
  unknownReason: undefined,
  ...more,
});
const behind = (endpoint: Endpoint) => ({ endpoint });
const openclaw = behind({ kind: "openclaw", agentId: "main" });
const http = behind({ kind: "http", url: "http://127.0.0.1:5000/" });

test("an agent at work takes messages, unless nobody knows whether it works", () => {
  assert.equal(whyNotNow(subject("in_progress"), http), null);
  assert.match(whyNotNow(subject("in_progress", { unknownReason: "lost" }), openclaw) ?? "", /\w/);
});

test("a task that is over takes messages where its agent goes on in the same conversation", () => {
  for (const status of ["completed", "failed", "cancelled"] as const) {
    assert.equal(whyNotNow(subject(status), openclaw), null);
    assert.equal(beginsAttempt(subject(status), openclaw), true);
    for (const agent of [http, undefined]) assert.match(whyNotNow(subject(status), agent) ?? "", /\w/);
  }
  assert.match(whyNotNow(subject("cancelled", { dispatchId: null }), openclaw) ?? "", /\w/);
  for (const status of ["pending", "queued", "review"] as const) {
    assert.match(whyNotNow(subject(status), openclaw) ?? "", /\w/);
  }
});
