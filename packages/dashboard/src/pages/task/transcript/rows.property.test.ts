import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry, JsonObject, LogEvent, TranscriptEntry } from "@mission-control/protocol";
import { entryPartOf, foldEntry } from "@mission-control/protocol/transcript-fold";
import fc from "fast-check";
import { event } from "../../../../test/support/events.ts";
import { MILESTONES, TranscriptRows } from "./rows.ts";

/** What may happen next in a task; what it needs of before is looked up when the log is made. */
type Happening =
  | { kind: "attempt" }
  | { kind: "said"; id: number | null; failed: boolean }
  | { kind: "asked" | "answered" | "wrote" | "delivered"; of: number };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Happening>({ kind: "attempt" }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("said" as const),
      id: fc.option(fc.nat(3)),
      failed: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom("asked" as const, "answered" as const, "wrote" as const, "delivered" as const),
      of: fc.nat(2),
    }),
  },
);

const share = fc.constantFrom(0, 0.25, 0.5, 0.75, 1);

/** A log as the server would write it: what goes on has begun before. */
function logOf(happenings: readonly Happening[]): LogEvent[] {
  const events: LogEvent[] = [];
  const begun = new Set<string>();
  let attempt = 0;
  for (const one of [{ kind: "attempt" } as Happening, ...happenings]) {
    const id = events.length + 1;
    if (one.kind === "attempt") attempt += 1;
    const base = { dispatchId: `dsp_${attempt}` };
    switch (one.kind) {
      case "attempt":
        events.push(event(id, { ...base, type: "dispatch", data: { state: "queued", attempt } }));
        break;
      case "said": {
        const entry = {
          kind: "tool",
          ...(one.id === null ? {} : { id: `t${one.id}` }),
          state: one.failed ? "failed" : "completed",
          output: `${id}`,
        } as unknown as JsonObject;
        events.push(event(id, { ...base, message: undefined, data: { entry } }));
        break;
      }
      case "asked":
      case "answered": {
        const name = `${attempt} question ${one.of}`;
        if ((one.kind === "asked") === begun.has(name)) break;
        begun.add(name);
        const data =
          one.kind === "asked"
            ? { state: "requested", request: { id: name, title: `Ask ${name}`, options: [] } }
            : { state: "answered", requestId: name, optionId: "yes" };
        events.push(event(id, { ...base, type: "permission", message: `${one.kind} ${name}`, data }));
        break;
      }
      case "wrote":
      case "delivered": {
        const name = `message ${one.of}`;
        if ((one.kind === "wrote") === begun.has(name)) break;
        begun.add(name);
        const data = { messageId: name, state: one.kind === "wrote" ? "sent" : "delivered" };
        const words = one.kind === "wrote" ? { message: `Words of ${name}` } : { message: undefined };
        events.push(event(id, { ...base, ...words, type: "message", data }));
      }
    }
  }
  return events;
}

/** The transcript as the server has it after an event, whole, oldest first. */
function foldedAsOf(log: readonly LogEvent[], last: number): TranscriptEntry[] {
  const entries = new Map<string, TranscriptEntry>();
  for (const one of log) {
    const part = one.id <= last ? entryPartOf(one) : null;
    const attempt = Number(one.dispatchId?.slice("dsp_".length));
    if (part) entries.set(part.key, foldEntry(entries.get(part.key), part, attempt));
  }
  return [...entries.values()].sort((a, b) => a.eventId - b.eventId);
}

const shown = (rows: TranscriptRows) => ({
  rows: rows.all.map(({ key, ...row }) => ({ key, ...row })),
  errors: rows.all.filter((row) => rows.isError(row)).map(({ key }) => key),
});

test("whatever is read first, and whatever comes in meanwhile, the rows are the same as of the whole log in order", () => {
  fc.assert(
    fc.property(
      fc.array(happening, { minLength: 4, maxLength: 20, size: "max" }),
      fc.tuple(share, share, share, share),
      fc.integer({ min: 1, max: 4 }),
      fc.boolean(),
      (happenings, [opened, milestonesRead, entriesRead, cameEarly], perPage, isNewestFirst) => {
        const log = logOf(happenings);
        const newest = log.length;
        const between = (from: number, part: number) => from + Math.round((newest - from) * part);
        // The page listens from `begin` on; its two readings see the log as of then or later.
        const begin = between(0, opened);
        const milestonesAsOf = between(begin, milestonesRead);
        const entriesAsOf = between(milestonesAsOf, entriesRead);
        const early = between(begin, cameEarly);
        const live = (from: number, to: number) => log.filter(({ id }) => id > from && id <= to);
        const rows = new TranscriptRows();
        rows.takeEvents(live(begin, early));
        rows.takeEvents(live(0, milestonesAsOf).filter(({ type }) => MILESTONES.includes(type)));
        const late = Math.max(early, entriesAsOf);
        rows.takeEvents(live(early, late));
        const entries = foldedAsOf(log, entriesAsOf);
        const pages: TranscriptEntry[][] = [];
        for (let at = 0; at < entries.length; at += perPage) pages.push(entries.slice(at, at + perPage));
        if (isNewestFirst) pages.reverse();
        for (const page of pages) rows.takeEntries(page);
        rows.takeEvents(live(late, newest));
        const whole = new TranscriptRows();
        whole.takeEvents(log);
        assert.deepEqual(shown(rows), shown(whole));
        for (const row of rows.all) assert.equal(rows.all[rows.indexOf(row.eventId)], row);
      },
    ),
    { numRuns: 500 },
  );
});

test("an answer that is told before its question is read stands with it, where it was asked", () => {
  const asked = event(2, {
    type: "permission",
    message: "Run it?",
    data: { state: "requested", request: { id: "r1", title: "Run it?", options: [] } },
  });
  const answered = event(5, {
    type: "permission",
    message: "Allowed",
    data: { state: "answered", requestId: "r1", optionId: "yes" },
  });
  const rows = new TranscriptRows();
  rows.takeEvents([answered]);
  rows.takeEvents([asked, answered]);
  assert.deepEqual(
    rows.all.map((row) => row.kind === "event" && [row.eventId, row.event.message, row.event.data.optionId]),
    [[2, "Allowed", "yes"]],
  );
  assert.ok(rows.all[0]?.kind === "event" && rows.all[0].event.data.request);
});

test("what an attempt did before its number is known is told under that number, once it is", () => {
  const entry = { kind: "message", text: "Done" } satisfies Entry;
  const rows = new TranscriptRows();
  rows.takeEvents([event(7, { dispatchId: "dsp_3", data: { entry: { ...entry } } })]);
  rows.takeEvents([
    event(5, { type: "dispatch", dispatchId: "dsp_3", data: { state: "queued", attempt: 3 } }),
  ]);
  assert.deepEqual(
    rows.all.map((row) => (row.kind === "entry" ? row.entry.attempt : row.event.data.attempt)),
    [3, 3],
  );
});
