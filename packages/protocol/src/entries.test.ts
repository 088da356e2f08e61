import assert from "node:assert/strict";
import { test } from "node:test";
import { callbackSchema } from "./callbacks.ts";
import { type Entry, reportedEntrySchema } from "./entries.ts";
import { entryLine } from "./entry-line.ts";
import { MAX_ENTRY_TEXT_BYTES } from "./entry-text.ts";

/** An entry as a callback brings it in. */
function reported(entry: unknown): Entry | undefined {
  const callback = { taskId: "t", agentId: "a", type: "progress", entry };
  const parsed = callbackSchema.safeParse(JSON.parse(JSON.stringify(callback)));
  assert.equal(parsed.error, undefined, JSON.stringify(entry));
  return parsed.data?.entry;
}

const steps = [
  { title: "read", state: "completed" },
  { title: "write", state: "running" },
  { title: "test" },
];
const ENTRIES = [
  { kind: "message" },
  { id: "m1", kind: "message", role: "assistant", text: "# Done" },
  { kind: "thought", text: "Hm." },
  {
    id: "t/1|x y",
    kind: "tool",
    name: "exec",
    title: "npm test",
    input: { command: "npm test" },
    state: "running",
  },
  { kind: "tool", input: "raw", output: "1 failing", state: "failed", exitCode: 1, durationMs: 1200.5 },
  { kind: "plan", steps },
  { kind: "file", path: "src/a.ts", change: "renamed", diff: "-a\n+b" },
];

test("every kind is kept as it was said, and a callback without an entry has none", () => {
  for (const entry of ENTRIES) assert.deepEqual(reported(entry), entry);
  assert.equal(reported(null), undefined);
  assert.ok(!("entry" in callbackSchema.parse({ taskId: "t", agentId: "a", type: "progress" })));
});

test("what other writers of JSON and other protocols mean is understood", () => {
  const tool = {
    kind: "tool",
    id: null,
    title: null,
    state: "in_progress",
    exitCode: null,
    input: [1],
    output: { a: 1 },
  };
  assert.deepEqual(reported(tool), {
    kind: "tool",
    state: "running",
    input: "[\n  1\n]",
    output: '{\n  "a": 1\n}',
  });
  assert.deepEqual(reported({ kind: "plan", steps: ["read", { title: "write", state: "in_progress" }] }), {
    kind: "plan",
    steps: [{ title: "read" }, { title: "write", state: "running" }],
  });
  assert.deepEqual(reported({ kind: "plan", steps: null }), { kind: "plan" });
});

test("long texts are shortened wherever they stand", () => {
  const text = "x".repeat(50_000);
  const long: Entry[] = [
    { kind: "message", text },
    { kind: "thought", text },
    { kind: "tool", output: text, input: { files: [{ content: text }] } },
    { kind: "tool", input: text },
    { kind: "plan", steps: [{ title: text }] },
    { kind: "file", diff: text },
  ];
  for (const entry of long) {
    const kept = JSON.stringify(reported(entry));
    assert.equal(kept.match(/17232 bytes left out/g)?.length, JSON.stringify(entry).split(text).length - 1);
    assert.ok(kept.length < 2 * MAX_ENTRY_TEXT_BYTES + 300);
  }
});

test("what is no entry is refused", () => {
  const deep = JSON.parse(`${'{"a":'.repeat(200)}1${"}".repeat(200)}`);
  for (const entry of [
    {},
    [],
    "tool",
    { kind: null },
    { kind: "usage" },
    { kind: "message", text: 7 },
    { kind: "tool", state: "done" },
    { kind: "tool", exitCode: 0.5 },
    { kind: "tool", durationMs: -1 },
    { kind: "tool", input: deep },
    { kind: "tool", id: "" },
    { kind: "tool", id: "x".repeat(257) },
    { kind: "plan", steps: [{}] },
    { kind: "file", change: "touched" },
  ]) {
    assert.equal(reportedEntrySchema.safeParse(entry).success, false, JSON.stringify(entry).slice(0, 80));
  }
});

test("a card's line is what an entry says of the work at hand", () => {
  const lines: [Entry, string | undefined][] = [
    [{ kind: "message", text: "\n  # Reading\nmore" }, "# Reading"],
    [{ kind: "message", role: "user", text: "Go on" }, undefined],
    [{ kind: "thought", text: "Hm." }, undefined],
    [{ kind: "tool", name: "exec", title: "npm test" }, "npm test"],
    [{ kind: "tool", name: "exec" }, "exec"],
    [{ kind: "tool", id: "t", state: "completed", output: "ok" }, undefined],
    [
      {
        kind: "plan",
        steps: [
          { title: "a", state: "completed" },
          { title: "b", state: "running" },
        ],
      },
      "b",
    ],
    [{ kind: "plan" }, undefined],
    [{ kind: "file", path: "a.ts", change: "created" }, "created a.ts"],
    [{ kind: "file", path: "a.ts" }, "edited a.ts"],
    [{ kind: "message", text: `${"x".repeat(198)}😀more` }, `${"x".repeat(198)}\ufffd…`],
  ];
  for (const [entry, line] of lines) assert.equal(entryLine(entry), line, JSON.stringify(entry));
});
