import assert from "node:assert/strict";
import { test } from "node:test";
import type { NewEvent, TranscriptEntry } from "@mission-control/protocol";
import { entryPartOf, foldEntry } from "@mission-control/protocol/transcript-fold";
import fc from "fast-check";
import type { Store } from "../../src/store/store.ts";
import type { TranscriptQuery } from "../../src/store/transcript.ts";
import { dispatchTo, type Engine, newEvent, plain, running, runs, Subject } from "./engine.ts";

const ALL: TranscriptQuery = { after: 0, before: Number.MAX_SAFE_INTEGER, newestFirst: false, limit: 500 };
/** The attempts of two tasks. */
const ATTEMPTS: Record<string, { taskId: string; number: number }> = {
  d1: { taskId: "t1", number: 1 },
  d2: { taskId: "t1", number: 2 },
  d3: { taskId: "t2", number: 1 },
};

const someEntry = fc
  .record(
    {
      id: fc.constantFrom("a", "b", "c d/e", "#1"),
      kind: fc.constantFrom("tool" as const, "thought" as const),
      title: fc.string({ maxLength: 20 }),
      output: fc.string({ unit: "binary", maxLength: 20 }),
    },
    { requiredKeys: ["kind"] },
  )
  .map((entry) => ({ entry }));
const someData = fc.oneof(
  { weight: 6, arbitrary: someEntry },
  { weight: 1, arbitrary: someEntry.map((data) => ({ ...data, late: true })) },
  { weight: 1, arbitrary: fc.constant({}) },
);
const someEvent = fc
  .record({ dispatchId: fc.constantFrom(...Object.keys(ATTEMPTS)), data: someData })
  .map(({ dispatchId, data }): NewEvent => entryEvent(dispatchId, data));

function entryEvent(dispatchId: string, data: object): NewEvent {
  const { taskId } = ATTEMPTS[dispatchId] ?? {};
  return { ...newEvent("activity"), ...(taskId ? { taskId } : {}), dispatchId, data: { ...data } };
}

/** Two tasks at work, one of them in its second attempt. */
async function atWork(engine: Engine): Promise<Subject> {
  const subject = await Subject.open(engine);
  await running(subject.store, "t1", "a1", "d1");
  await subject.change({ kind: "cancel", taskId: "t1" });
  await subject.change(dispatchTo("a1", "t1", "d2"));
  await running(subject.store, "t2", "a2", "d3");
  return subject;
}

/** Every entry of a task, as one who reads the whole log folds them. */
async function folded(subject: Subject, taskId: string): Promise<TranscriptEntry[]> {
  const entries = new Map<string, TranscriptEntry>();
  for (const event of await subject.log()) {
    const part = event.taskId === taskId ? entryPartOf(event) : null;
    const attempt = part && ATTEMPTS[part.dispatchId];
    if (part && attempt) entries.set(part.key, foldEntry(entries.get(part.key), part, attempt.number));
  }
  return plain([...entries.values()]);
}

async function pages(store: Store, taskId: string, query: TranscriptQuery): Promise<TranscriptEntry[][]> {
  const read: TranscriptEntry[][] = [];
  for (let next = query; ; ) {
    const { items, nextCursor, lastEventId } = await store.transcript(taskId, next);
    assert.equal(lastEventId, (await store.range()).newest);
    assert.ok(items.length <= query.limit);
    read.push(items);
    if (nextCursor === null) return read;
    next = query.newestFirst
      ? { ...next, before: Number(nextCursor) }
      : { ...next, after: Number(nextCursor) };
  }
}

/** What a task's agents said and did, folded from the log, a page at a time. */
export function transcripts(engine: Engine): void {
  test("pages of any size, from either end, hold each entry once and whole, as a reader of the log folds them", async () => {
    const subject = await atWork(engine);
    await fc.assert(
      fc.asyncProperty(
        fc.array(someEvent, { maxLength: 40 }),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        async (events, limit, newestFirst) => {
          await subject.store.append(events);
          for (const taskId of ["t1", "t2"]) {
            const expected = await folded(subject, taskId);
            const read = await pages(subject.store, taskId, { ...ALL, limit, newestFirst });
            assert.deepEqual(read.flat(), newestFirst ? expected.reverse() : expected);
            assert.ok(read.slice(0, -1).every((page) => page.length === limit));
          }
        },
      ),
      { numRuns: runs(engine, 40) },
    );
    const before = await subject.store.transcript("t1", ALL);
    await subject.reopen();
    assert.deepEqual(await subject.store.transcript("t1", ALL), before, "after a restart as before");
    await subject.discard();
  });

  test("an entry of many parts, and many entries behind it, are read in bounded steps", async () => {
    const subject = await atWork(engine);
    const part = (id: string, title: string) => entryEvent("d1", { entry: { id, kind: "tool", title } });
    await subject.store.append([
      part("first", "0"),
      ...Array.from({ length: 1500 }, (_, index) => part("first", `${index + 1}`)),
      part("last", "0"),
    ]);
    const read = (await pages(subject.store, "t1", { ...ALL, limit: 1 })).flat();
    assert.deepEqual(
      read.map((entry) => entry.kind === "tool" && [entry.id, entry.title]),
      [
        ["first", "1500"],
        ["last", "0"],
      ],
    );
    await subject.discard();
  });

  test("a page of large entries is short, and its cursor goes on", async () => {
    const subject = await atWork(engine);
    const text = "x".repeat(30_000);
    const said = Array.from({ length: 200 }, () => entryEvent("d1", { entry: { kind: "message", text } }));
    await subject.store.append(said);
    const read = await pages(subject.store, "t1", ALL);
    assert.equal(read.flat().length, 200);
    assert.ok(
      read.length > 1 && read.every((page) => page.length < 150),
      `${read.map((page) => page.length)}`,
    );
    await subject.discard();
  });

  test("of an entry that retention removed in part, what is left is there", async () => {
    const subject = await atWork(engine);
    const entry = { id: "x", kind: "tool" };
    await subject.store.append([
      entryEvent("d1", { entry: { ...entry, title: "npm test", output: "1" } }),
      entryEvent("d1", { entry: { kind: "message", text: "gone" } }),
      entryEvent("d1", { entry: { ...entry, output: "2" } }),
      entryEvent("d1", { entry: { ...entry, state: "completed" } }),
    ]);
    while (await subject.store.prune({ keepEvents: 2, receiptsBefore: "" }));
    const { items } = await subject.store.transcript("t1", ALL);
    assert.deepEqual(items, await folded(subject, "t1"));
    assert.deepEqual(
      items.map((one) => one.kind === "tool" && [one.title, one.output, one.state]),
      [[undefined, "2", "completed"]],
    );
    await subject.discard();
  });
}
