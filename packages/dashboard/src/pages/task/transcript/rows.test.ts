import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry, JsonObject, LogEvent, TranscriptEntry } from "@mission-control/protocol";
import { event } from "../../../../test/support/events.ts";
import { findRows, stepInRows } from "./row-text.ts";
import { type TranscriptRow, TranscriptRows } from "./rows.ts";

const placed = (eventId: number, entry: Entry, fields: Partial<TranscriptEntry> = {}): TranscriptEntry =>
  ({
    ...entry,
    eventId,
    lastEventId: eventId,
    dispatchId: "dsp_1",
    attempt: 1,
    timestamp: "2026-11-23T10:00:00.000Z",
    updatedAt: "2026-11-23T10:00:00.000Z",
    ...fields,
  }) as TranscriptEntry;
const message: Entry = { kind: "message", text: "Said" };
const said = (id: number, entry: Entry, fields: Partial<LogEvent> = {}) =>
  event(id, { ...fields, data: { entry: entry as unknown as JsonObject } });
const queued = (id: number, attempt = 1, dispatchId = "dsp_1") =>
  event(id, { type: "dispatch", dispatchId, data: { state: "queued", attempt } });
const brief = (row: TranscriptRow) =>
  row.kind === "entry" ? `${row.eventId} ${row.entry.kind}` : `${row.eventId} ${row.event.type}`;

test("a tool call that is told of several times is one row, at its first place", () => {
  const rows = new TranscriptRows();
  rows.takeEvents([
    queued(1),
    said(2, { id: "t1", kind: "tool", name: "Bash", state: "running", input: { command: "npm test" } }),
    said(3, { kind: "message", text: "Meanwhile" }),
    said(4, { id: "t1", kind: "tool", state: "failed", exitCode: 1, output: "1 failed" }),
  ]);
  assert.deepEqual(rows.all.map(brief), ["1 dispatch", "2 tool", "3 message"]);
  const [, tool] = rows.all;
  assert.ok(tool?.kind === "entry" && tool.entry.kind === "tool");
  assert.deepEqual(
    [tool.entry.name, tool.entry.state, tool.entry.exitCode, tool.entry.output],
    ["Bash", "failed", 1, "1 failed"],
  );
  assert.equal(rows.errorCount, 1);
  rows.takeEvents([said(5, { id: "t1", kind: "tool", state: "completed", exitCode: 0 })]);
  assert.equal(rows.errorCount, 0);
});

test("what the server has folded and what the log brings meet without a double", () => {
  const rows = new TranscriptRows();
  rows.takeEvents([queued(1)]);
  rows.takeEntries([placed(2, { id: "t1", kind: "tool", state: "running" }), placed(3, message)]);
  rows.takeEvents([
    said(2, { id: "t1", kind: "tool", state: "running" }),
    said(4, { id: "t1", kind: "tool", state: "completed" }),
    said(5, { kind: "message", text: "Two" }),
  ]);
  assert.deepEqual(rows.all.map(brief), ["1 dispatch", "2 tool", "3 message", "5 message"]);
});

test("read from its newest end, an entry goes to where it began, with what came meanwhile", () => {
  const rows = new TranscriptRows();
  const tool = (fields: object) => ({ id: "t1", kind: "tool" as const, ...fields });
  rows.takeEntries([placed(7, message), placed(6, message)]);
  rows.takeEvents([said(8, tool({ state: "completed" }))]);
  assert.deepEqual(rows.all.map(brief), ["6 message", "7 message", "8 tool"]);
  rows.takeEntries([placed(2, tool({ name: "Bash", state: "running" })), placed(1, message)]);
  assert.deepEqual(rows.all.map(brief), ["1 message", "2 tool", "6 message", "7 message"]);
  const row = rows.all[1];
  assert.ok(row?.kind === "entry" && row.entry.kind === "tool");
  assert.deepEqual([row.entry.name, row.entry.state, row.entry.lastEventId], ["Bash", "completed", 8]);
});

test("the same id in another attempt is another entry", () => {
  const rows = new TranscriptRows();
  rows.takeEvents([
    queued(1),
    said(2, { id: "t1", kind: "tool" }),
    queued(3, 2, "dsp_2"),
    said(4, { id: "t1", kind: "tool" }, { dispatchId: "dsp_2" }),
  ]);
  assert.deepEqual(rows.all.map(brief), ["1 dispatch", "2 tool", "3 dispatch", "4 tool"]);
});

test("entries read behind milestones that are here already go between them", () => {
  const rows = new TranscriptRows();
  rows.takeEvents([queued(1), event(9, { type: "complete", message: "Done" })]);
  rows.takeEntries([placed(4, message), placed(6, message)]);
  assert.deepEqual(rows.all.map(brief), ["1 dispatch", "4 message", "6 message", "9 complete"]);
  assert.deepEqual([rows.indexOf(6), rows.indexOf(7), rows.indexOf(0)], [2, 2, -1]);
});

test("plain progress stands for entries until the first one comes", () => {
  const rows = new TranscriptRows();
  rows.takeEvents([
    queued(1),
    event(2, { message: "Reading" }),
    event(3, { message: "late", data: { late: true } }),
  ]);
  assert.deepEqual(rows.all.map(brief), ["1 dispatch", "2 activity"]);
  rows.takeEvents([said(4, { kind: "message", text: "Read it." }), event(5, { message: "Reading" })]);
  assert.deepEqual(rows.all.map(brief), ["1 dispatch", "4 message"]);
});

test("a question and its answer are one row that says both", () => {
  const rows = new TranscriptRows();
  const request = { id: "r1", title: "Run rm -rf build", options: [] };
  rows.takeEvents([
    event(2, { type: "permission", message: "Run rm", data: { state: "requested", request } }),
    event(5, { type: "permission", message: "Allow: Run rm", data: { state: "answered", requestId: "r1" } }),
  ]);
  assert.equal(rows.all.length, 1);
  const [row] = rows.all;
  assert.ok(row?.kind === "event");
  assert.deepEqual([row.eventId, row.event.data.state, row.event.data.request], [2, "answered", request]);
});

test("an answer that did not arrive says so, beside what was answered", () => {
  const rows = new TranscriptRows();
  const told = (state: string, more: object = {}) => ({ state, requestId: "r1", ...more });
  rows.takeEvents([
    event(5, { type: "permission", message: "Allow: Run rm", data: told("answered") }),
    event(6, { type: "permission", message: "Gone", data: told("undelivered", { reason: "Gone" }) }),
  ]);
  const [row] = rows.all;
  assert.ok(rows.all.length === 1 && row?.kind === "event");
  assert.deepEqual(
    [row.event.message, row.event.data.state, row.event.data.reason],
    ["Allow: Run rm", "undelivered", "Gone"],
  );
  assert.equal(rows.errorCount, 1);
});

test("a message is one row with its text, moved on by what the agent's side confirms", () => {
  const rows = new TranscriptRows();
  const told = (state: string) => ({ messageId: "m1", state, mode: "steer", by: "operator" });
  rows.takeEvents([
    event(2, { type: "message", message: "Look at the log", data: told("sending") }),
    event(3, { type: "message", message: "The agent has the message", data: told("delivered") }),
  ]);
  const [row] = rows.all;
  assert.ok(rows.all.length === 1 && row?.kind === "event");
  assert.deepEqual([row.event.message, row.event.data.state], ["Look at the log", "delivered"]);
});

test("words are found in everything a row says, colours left out", () => {
  const rows = new TranscriptRows();
  rows.takeEvents([
    said(1, { kind: "message", text: "Nothing here" }),
    said(2, { kind: "tool", input: { command: "npm test" }, output: "not \u001B[31mok\u001B[0m" }),
    said(3, { kind: "plan", steps: [{ title: "Make it OK" }] }),
  ]);
  assert.deepEqual(findRows(rows.all, " NOT ok").map(brief), ["2 tool"]);
  assert.deepEqual(findRows(rows.all, "ok").map(brief), ["2 tool", "3 plan"]);
  assert.deepEqual(findRows(rows.all, "  "), []);
});

test("from match to match one goes round the ends, and begins at the end one goes to", () => {
  const rows = new TranscriptRows();
  rows.takeEvents([1, 2, 3].map((id) => said(id, message)));
  const step = (at: number, by: 1 | -1) => stepInRows(rows.all, at, by)?.eventId;
  assert.deepEqual([step(-1, 1), step(0, 1), step(2, 1)], [1, 2, 1]);
  assert.deepEqual([step(-1, -1), step(1, -1), step(0, -1)], [3, 1, 3]);
  assert.equal(stepInRows([], -1, 1), undefined);
  assert.equal(stepInRows([], -1, -1), undefined);
});
