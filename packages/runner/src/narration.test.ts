import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AgentEvent } from "./agent-event.ts";
import { Narration } from "./narration.ts";

/** What is told of these events: the last of each entry, and all lines. */
function told(...events: AgentEvent[]) {
  let now = 0;
  const narration = new Narration(() => (now += 5));
  const notes = [...events.flatMap((event) => narration.take(event)), ...narration.end()];
  const entries = new Set(notes.map(({ entry }) => entry).filter((entry) => entry !== undefined));
  return { entries: [...entries], lines: notes.flatMap(({ line }) => line ?? []), notes, narration };
}

test("pieces of a message are one entry, told with its line once it is whole", () => {
  const { entries, lines, narration } = told(
    { type: "text", text: "I will " },
    { type: "text", text: "look." },
    { type: "tool", id: "t", title: "ls" },
    { type: "text", text: "Two files." },
  );
  assert.deepEqual(entries, [
    { id: "message-1", kind: "message", role: "assistant", text: "I will look." },
    { id: "tool-t", kind: "tool", title: "ls" },
    { id: "message-2", kind: "message", role: "assistant", text: "Two files." },
  ]);
  // The last message is the summary.
  assert.deepEqual(lines, ["I will look.", "ls"]);
  assert.equal(narration.lastMessage, "Two files.");
});

test("thoughts are entries of their own, without a line, between the messages", () => {
  const { entries, lines } = told(
    { type: "text", text: "Hm." },
    { type: "thought", text: "Let me " },
    { type: "thought", text: "think." },
    { type: "text", text: "Yes." },
  );
  assert.deepEqual(
    entries.map((entry) => [entry.id, "text" in entry ? entry.text : ""]),
    [
      ["message-1", "Hm."],
      ["thought-2", "Let me think."],
      ["message-3", "Yes."],
    ],
  );
  assert.deepEqual(lines, ["Hm."]);
});

describe("a tool call", () => {
  test("is one entry from its beginning to its end, with what it took", () => {
    const { entries, notes } = told(
      { type: "tool", id: "t", title: "Bash", facts: { name: "Bash", state: "pending" } },
      { type: "tool", id: "t", title: "Bash: ls", facts: { input: { command: "ls" }, state: "running" } },
      { type: "tool", id: "t", facts: { output: "a\nb", state: "completed", exitCode: 0 } },
    );
    assert.deepEqual(entries, [
      {
        id: "tool-t",
        kind: "tool",
        name: "Bash",
        title: "Bash: ls",
        input: { command: "ls" },
        output: "a\nb",
        state: "completed",
        exitCode: 0,
        durationMs: 5,
      },
    ]);
    assert.deepEqual(
      notes.map(({ now }) => now),
      [true, true, true],
    );
  });

  test("that still prints is no news at once", () => {
    const { entries, notes } = told(
      { type: "tool", id: "t", title: "make", facts: { state: "running" } },
      { type: "tool", id: "t", facts: { outputPiece: "one\n", state: "running" } },
      { type: "tool", id: "t", facts: { outputPiece: "two\n", state: "running" } },
    );
    assert.deepEqual(
      notes.map(({ now }) => now),
      [true, false, false],
    );
    assert.equal(entries[0]?.kind === "tool" && entries[0].output, "one\ntwo\n");
  });

  test("that failed says why in its line", () => {
    const { notes } = told(
      { type: "tool", id: "t", title: "cat nope", facts: { state: "running" } },
      { type: "tool", id: "t", facts: { output: "cat:\nno such file", state: "failed", exitCode: 1 } },
      { type: "tool-failed", id: "t", output: "cat:\nno such file" },
    );
    assert.equal(notes.at(-1)?.line, "cat nope failed: no such file");
    assert.equal(notes.at(-1)?.entry, notes[0]?.entry);
  });

  test("of which something comes after its end adds to it", () => {
    const { entries } = told(
      { type: "tool", id: "t", title: "Write a", facts: { output: "ok", state: "completed" } },
      { type: "tool", id: "t", title: "Write a.txt", facts: { state: "completed" } },
    );
    assert.deepEqual(entries[1], { id: "tool-t", kind: "tool", title: "Write a.txt", state: "completed" });
  });

  test("of which nothing is known but its end is not told", () => {
    assert.deepEqual(told({ type: "tool", id: "t", facts: { state: "completed" } }).notes, []);
  });
});

test("what a program prints is one entry, line by line; its last line is the summary", () => {
  const { entries, lines, narration } = told(
    { type: "line", text: "one" },
    { type: "line", text: "two " },
    { type: "tool", id: "t", title: "ls" },
    { type: "line", text: "three" },
  );
  assert.deepEqual(entries[0], {
    id: "output-1",
    kind: "tool",
    title: "Output",
    output: "one\ntwo \nthree\n",
    state: "completed",
  });
  assert.deepEqual(lines, ["one", "two", "ls"]);
  assert.equal(narration.lastMessage, "three");
});

test("a program that prints much has several entries, none of which grows for ever", () => {
  const line = "x".repeat(1000);
  const { entries } = told(...Array.from({ length: 50 }, () => ({ type: "line", text: line }) as const));
  assert.equal(entries.length, 3);
  assert.ok(entries.every((entry) => entry.kind === "tool" && (entry.output ?? "").length < 18_000));
});

test("the plan is one entry, and how far it is a line", () => {
  const { entries, lines, narration } = told({
    type: "plan",
    steps: [
      { text: "look", done: true, current: false },
      { text: "fix", done: false, current: true },
    ],
  });
  assert.deepEqual(entries, [
    {
      id: "plan",
      kind: "plan",
      steps: [
        { title: "look", state: "completed" },
        { title: "fix", state: "running" },
      ],
    },
  ]);
  assert.deepEqual(lines, ["Step 2 of 2: fix"]);
  assert.equal(narration.fraction, 0.5);
});

test("a changed file is an entry with its diff", () => {
  const { entries } = told({ type: "file", id: "t-1", path: "a.ts", change: "edited", diff: "-a\n+b\n" });
  assert.deepEqual(entries, [
    { id: "file-t-1", kind: "file", path: "a.ts", change: "edited", diff: "-a\n+b\n" },
  ]);
});

test("an output that comes in pieces is held whole, and of a very long one the beginning and the end", () => {
  const narration = new Narration(() => 0);
  const outputAfter = (outputPiece: string) => {
    const [note] = narration.take({ type: "tool", id: "t", title: "make", facts: { outputPiece } });
    return note?.entry?.kind === "tool" ? (note.entry.output ?? "") : "";
  };
  const piece = "x".repeat(1024 * 1024);
  assert.equal(outputAfter("begin\n"), "begin\n");
  for (let count = 0; count < 7; count++) outputAfter(piece);
  assert.equal(outputAfter("").length, 6 + 7 * piece.length);
  const long = outputAfter(`${piece}end`);
  const [beginning = "", end = ""] = long.split(/\n\[… left out here.*\]\n/);
  assert.deepEqual([beginning.length, end.length], [2 * piece.length, 2 * piece.length]);
  assert.ok(beginning.startsWith("begin\n") && end.endsWith("xend"));
});

test("the colours of the last line that a program prints are not part of the summary, but stay in its output", () => {
  const narration = new Narration(() => 0);
  const [note] = narration.take({ type: "line", text: "\u001b[32mall passed\u001b[0m" });
  assert.equal(narration.lastMessage, "all passed");
  assert.equal(note?.entry?.kind === "tool" && note.entry.output, "\u001b[32mall passed\u001b[0m\n");
});
