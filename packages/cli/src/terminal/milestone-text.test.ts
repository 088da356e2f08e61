import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogEvent } from "@mission-control/protocol";
import { milestoneText } from "./milestone-text.ts";

const at = "2026-11-23T10:00:00.000Z";

/** What stands in a transcript of an event, without its local time. */
function told(type: LogEvent["type"], data: LogEvent["data"], message?: string): string | undefined {
  const event: LogEvent = { id: 1, type, taskId: "t", data, timestamp: at, receivedAt: at };
  return milestoneText(message === undefined ? event : { ...event, message })?.replace(
    /^\d\d:\d\d:\d\d {2}/,
    "",
  );
}

test("what the operator wrote, what the agent asked and how it ended stand in a transcript, and nothing else", () => {
  const mode = { mode: "steer" };
  assert.equal(
    told("message", { ...mode, state: "sending" }, "Look\nat \u001b[2J"),
    "operator (steer)\n    Look\n    at ␛[2J",
  );
  const attachments = [{ artifactId: "x", name: "a\n.png", mediaType: "image/png", size: 2048, sha256: "" }];
  assert.equal(
    told("message", { ...mode, state: "sending", attachments }, "See"),
    "operator (steer)\n    See\n    with a .png (2.0 kB)",
  );
  assert.equal(told("message", { ...mode, state: "delivered" }, "The agent has the message"), undefined);
  assert.equal(
    told("message", { ...mode, state: "refused" }, "It is busy"),
    "refused the message: It is busy",
  );
  assert.equal(told("permission", { state: "requested" }, "Run\nmake"), "asks: Run make");
  assert.equal(told("permission", { state: "answered" }, "Allow: Run make"), "answered: Allow: Run make");
  assert.equal(told("complete", {}, "All\ndone"), "completed\n    All\n    done");
  assert.equal(told("complete", {}), "completed");
  assert.equal(told("error", {}, "No\nnetwork"), "failed: No network");
  assert.equal(told("activity", {}, "Reading"), undefined);
});
