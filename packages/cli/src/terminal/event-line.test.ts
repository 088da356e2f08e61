import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogEvent } from "@mission-control/protocol";
import { eventLine } from "./event-line.ts";

const line = (type: LogEvent["type"], data: LogEvent["data"], message: string) => {
  const at = "2026-11-23T10:00:00.000Z";
  const event: LogEvent = { id: 1, type, message, data, timestamp: at, receivedAt: at };
  return eventLine(event, "").replace(/^\S+ +\S+ +/, "");
};

test("a line says what became of what it names", () => {
  assert.equal(line("webhook", { change: "switched_off" }, "Our chat"), "switched off: Our chat");
  assert.equal(line("view", { change: "created" }, "Problems"), "created: Problems");
  assert.equal(
    line("gateway", { change: "state", state: "disconnected" }, "Workshop: refused"),
    "disconnected: Workshop: refused",
  );
  assert.equal(line("task", { change: "created" }, "Fix it"), "created");
  assert.equal(line("error", {}, "No network"), "No network");
});
