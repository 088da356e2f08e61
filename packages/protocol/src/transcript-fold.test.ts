import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Entry, TranscriptEntry } from "./entries.ts";
import type { LogEvent } from "./events.ts";
import { entryPartOf, foldEntry, keyOfEntry } from "./transcript-fold.ts";

function event(id: number, entry: Entry | undefined, about: Partial<LogEvent> = {}): LogEvent {
  const timestamp = new Date(id * 1000).toISOString();
  const data = entry ? { entry } : {};
  return {
    id,
    type: "activity",
    taskId: "t",
    dispatchId: "d1",
    data,
    timestamp,
    receivedAt: timestamp,
    ...about,
  } as LogEvent;
}

/** A transcript as one who follows the stream keeps it. */
function follow(
  entries: Map<string, TranscriptEntry>,
  events: readonly LogEvent[],
): Map<string, TranscriptEntry> {
  for (const one of events) {
    const part = entryPartOf(one);
    if (part) entries.set(part.key, foldEntry(entries.get(part.key), part, 1));
  }
  return entries;
}

test("parts with one id are one entry that stays where it began, and later fields win", () => {
  const entries = follow(new Map(), [
    event(1, { id: "x", kind: "tool", title: "npm test", state: "running" }),
    event(2, { kind: "message", text: "Testing" }),
    event(3, { id: "x", kind: "tool", state: "failed", output: "1 failing", exitCode: 1 }),
    event(4, { kind: "message", text: "Testing" }),
    event(5, { id: "x", kind: "tool", title: "npm t" }, { dispatchId: "d2" }),
  ]);
  const place = { dispatchId: "d1", attempt: 1 };
  assert.deepEqual([...entries.values()].slice(0, 2), [
    {
      ...place,
      id: "x",
      kind: "tool",
      title: "npm test",
      state: "failed",
      output: "1 failing",
      exitCode: 1,
      eventId: 1,
      lastEventId: 3,
      timestamp: "1970-01-01T00:00:01.000Z",
      updatedAt: "1970-01-01T00:00:03.000Z",
    },
    {
      ...place,
      kind: "message",
      text: "Testing",
      eventId: 2,
      lastEventId: 2,
      timestamp: "1970-01-01T00:00:02.000Z",
      updatedAt: "1970-01-01T00:00:02.000Z",
    },
  ]);
  assert.equal(entries.size, 4, "without an id, and in another attempt, an entry is another one");
  for (const [key, entry] of entries) assert.equal(keyOfEntry(entry), key);
});

test("a part of another kind takes the place of what was said", () => {
  const entries = follow(new Map(), [
    event(1, { id: "x", kind: "tool", title: "read", output: "…" }),
    event(2, { id: "x", kind: "message", text: "read it" }),
  ]);
  const [entry] = entries.values();
  assert.equal(entry?.eventId, 1);
  assert.ok(entry?.kind === "message" && !("title" in entry) && !("output" in entry));
});

test("what is late, of no attempt, or has no entry is no part", () => {
  const entry = { kind: "message", text: "hello" } as const;
  assert.equal(entryPartOf(event(1, undefined)), null);
  assert.equal(entryPartOf(event(1, entry, { data: { entry, late: true } })), null);
  const { dispatchId: _, ...ofNone } = event(1, entry);
  assert.equal(entryPartOf(ofNone), null);
});

test("who reads pages as of some position, and follows the stream from an earlier one, has what a reader of all has", () => {
  const someEntry = fc.record(
    {
      id: fc.constantFrom("a", "b", "c"),
      kind: fc.constant("tool" as const),
      title: fc.string(),
      output: fc.string(),
    },
    { requiredKeys: ["kind"] },
  );
  fc.assert(
    fc.property(fc.array(someEntry), fc.nat(), fc.nat(), (said, first, second) => {
      const events = said.map((entry, index) => event(index + 1, entry));
      const asOf = events.length === 0 ? 0 : first % events.length;
      const from = asOf === 0 ? 0 : second % asOf;
      const whole = follow(new Map(), events);
      const paged = follow(new Map(), events.slice(0, asOf));
      assert.deepEqual(follow(paged, events.slice(from)), whole);
    }),
  );
});
