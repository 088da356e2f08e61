import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogEvent } from "@mission-control/protocol";
import { event } from "../../test/support/events.ts";
import { describeEvent } from "./describe-event.ts";

const told = (type: LogEvent["type"], data: LogEvent["data"], message?: string) =>
  describeEvent(event(1, { type, data, ...(message === undefined ? {} : { message }) }));

test("a row about an agent says what changed, since its name stands beside it", () => {
  assert.equal(told("agent", { change: "created" }, "builder"), "Added");
  assert.equal(told("agent", { change: "deleted" }, "builder"), "Removed");
  assert.equal(
    told("agent", { change: "edited", fields: ["name", "concurrency"] }, "builder"),
    "Edited: name, tasks at a time",
  );
  assert.equal(told("agent", { change: "edited" }, "builder"), "Edited");
  assert.equal(told("agent", { change: "status", status: "online" }, "builder"), "Online");
  assert.equal(
    told("agent", { change: "status", status: "offline", reason: "refused" }, "builder"),
    "Offline: refused",
  );
  assert.equal(told("agent", { change: "something new" }, "builder"), "builder");
});

test("a row about a gateway says which one, and what became of it", () => {
  assert.equal(told("gateway", { change: "created" }, "Workshop"), "Added: Workshop");
  assert.equal(told("gateway", { change: "deleted" }, "Workshop"), "Removed: Workshop");
  assert.equal(
    told("gateway", { change: "state", state: "disconnected", reason: "refused" }, "Workshop: refused"),
    "Disconnected: Workshop: refused",
  );
});

test("a row about an endpoint says which one, what became of it, and why", () => {
  assert.equal(told("webhook", { change: "created" }, "Our chat"), "Endpoint added: Our chat");
  assert.equal(told("webhook", { change: "resent" }, "Our chat"), "Delivery sent again: Our chat");
  assert.equal(
    told("webhook", { change: "paused", reason: "Nothing was delivered for a day." }, "Our chat"),
    "Endpoint paused: Our chat: Nothing was delivered for a day.",
  );
  assert.equal(told("webhook", { change: "something new" }, "Our chat"), "Our chat");
});

test("a row about a budget says which one, and what became of it", () => {
  assert.equal(told("budget", { change: "created" }, "All agents"), "Budget created: All agents");
  assert.equal(told("budget", { change: "edited" }, "All agents"), "Budget edited: All agents");
  assert.equal(told("budget", { change: "reached" }, "80 % of All agents"), "80 % of All agents");
});

test("a row about a saved view says which one, and what was changed of it", () => {
  assert.equal(told("view", { change: "created" }, "Problems"), "Saved view created: Problems");
  assert.equal(
    told("view", { change: "edited", fields: ["search", "index"] }, "Problems"),
    "Saved view edited (filters, place): Problems",
  );
  assert.equal(told("view", { change: "deleted" }, "Problems"), "Saved view deleted: Problems");
});

test("a task's row says its change, its states by name, and the agent's words as they are", () => {
  assert.equal(told("task", { change: "created" }, "Fix it"), "Created: Fix it");
  assert.equal(told("task", { change: "edited" }, "Fix it"), "Edited: Fix it");
  assert.equal(
    told("task", { change: "edited", fields: ["title", "requiresReview"] }, "Fix it"),
    "Edited title, review: Fix it",
  );
  assert.equal(told("task", { change: "deleted" }, "Fix it"), "Deleted: Fix it");
  assert.equal(told("status_change", { from: "in_progress", to: "review" }), "In progress → Review");
  assert.equal(told("status_change", { from: "pending", to: "elsewhere" }), "Pending → elsewhere");
  assert.equal(told("activity", {}, "Reading **a**"), "Reading **a**");
  assert.equal(told("activity", {}, "  "), "Progress", "words that say nothing");
  assert.equal(told("complete", {}, "## Done\n\n**All** of it"), "Done All of it");
  assert.equal(told("complete", {}), "Completed");
  assert.equal(told("error", {}, "No network"), "No network");
  assert.equal(told("error", {}), "Error");
});

test("a dispatch says why, once; a request says how it stands", () => {
  assert.equal(told("dispatch", { state: "queued" }, "Queued"), "Queued");
  assert.equal(told("dispatch", { state: "sending" }), "sending");
  assert.equal(told("dispatch", { state: "rejected", reason: "No room" }, "Rejected"), "Rejected: No room");
  assert.equal(told("dispatch", { state: "failed", reason: "No room" }, "No room"), "No room");
  assert.equal(told("permission", { state: "requested" }, "Run it"), "Asks: Run it");
  assert.equal(told("permission", { state: "answered" }, "Run it"), "Answered: Run it");
  assert.equal(told("permission", { state: "withdrawn" }, "Run it"), "No longer asks: Run it");
});
