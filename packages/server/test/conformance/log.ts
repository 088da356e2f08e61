import assert from "node:assert/strict";
import { test } from "node:test";
import { type EventFilter, eventTypeSchema, type LogEvent } from "@mission-control/protocol";
import fc from "fast-check";
import { STEP_BYTES } from "../../src/store/followers.ts";
import type { EventPage, LogEntry, Store } from "../../src/store/store.ts";
import { type Engine, eventsIn, newEvent, runs, Subject, textOf } from "./engine.ts";

const TASKS = ["t1", "t2", "t3"] as const;
const AGENTS = ["a1", "a2"] as const;

const someEvent = fc
  .record(
    {
      type: fc.constantFrom(...eventTypeSchema.options),
      taskId: fc.constantFrom(...TASKS),
      agentId: fc.constantFrom(...AGENTS),
      message: fc.string({ unit: "binary", maxLength: 200 }),
    },
    { requiredKeys: ["type"] },
  )
  .map(({ type, ...about }) => newEvent(type, about));

const someFilter: fc.Arbitrary<EventFilter> = fc.record(
  {
    taskId: fc.constantFrom(...TASKS, "nobody"),
    agentId: fc.constantFrom(...AGENTS, "nobody"),
    agentIds: fc.uniqueArray(fc.constantFrom(...AGENTS, "nobody"), { minLength: 1 }),
    types: fc.uniqueArray(fc.constantFrom(...eventTypeSchema.options), { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: [] },
);

/** The contract's filter, as a reader of the text would write it. */
function wanted(filter: EventFilter): (event: LogEvent) => boolean {
  return ({ taskId, agentId, type }) =>
    (filter.taskId === undefined || filter.taskId === taskId) &&
    (filter.agentId === undefined || filter.agentId === agentId) &&
    (filter.agentIds === undefined || filter.agentIds.includes(agentId ?? "")) &&
    (filter.types === undefined || filter.types.includes(type));
}

/** The one log, read by position, by filter and by page. */
export function log(engine: Engine): void {
  test("who follows from behind is given large entries few at a time, and all of them", async () => {
    const { store } = await Subject.open(engine);
    const events = Array.from({ length: 40 }, (_, index) =>
      newEvent("activity", { message: `${index} ${"x".repeat(250_000)}` }),
    );
    for (let done = 0; done < events.length; done += 10) await store.append(events.slice(done, done + 10));
    const { newest } = await store.range();
    const steps: (readonly LogEntry[])[] = [];
    await new Promise<void>((resolve) => {
      const follower = store.follow(0, (entries) => {
        steps.push(entries);
        if (entries.at(-1)?.id !== newest) return;
        follower.close();
        resolve();
      });
    });
    assert.deepEqual(
      steps.flat().map(({ id }) => id),
      Array.from({ length: newest }, (_, index) => index + 1),
    );
    for (const step of steps) {
      const bytes = step.reduce((sum, { frame }) => sum + frame.length, 0);
      assert.ok(bytes < STEP_BYTES + 300_000, `${bytes} bytes at a time`);
    }
  });

  test("any stretch, filter and step size reads what a naive reading of the log does", async () => {
    const subject = await Subject.open(engine);
    const { store } = subject;
    await fc.assert(
      fc.asyncProperty(
        fc.array(someEvent, { maxLength: 40 }),
        someFilter,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 20_000 }),
        async (events, filter, from, to, maxBytes) => {
          await store.append(events);
          const all = (await subject.followed()).flatMap(({ frame }) => eventsIn(frame));
          const { newest } = await store.range();
          assert.equal(all.length, newest);
          const after = Math.floor(from * newest);
          const upTo = after + Math.ceil(to * (newest - after));
          const { read, steps } = await stretch(store, { after, upTo, maxBytes }, filter);
          const expected = all.filter(wanted(filter)).filter(({ id }) => id > after && id <= upTo);
          assert.deepEqual(read, expected);
          for (const { frames } of steps) {
            const [last] = eventsIn(frames).slice(-1);
            const before = Buffer.byteLength(frames) - (last ? Buffer.byteLength(frameOf(frames)) : 0);
            assert.ok(before < maxBytes, "a step ends with the event that reaches its bytes");
          }
        },
      ),
      { numRuns: runs(engine, 150) },
    );
    await subject.discard();
  });

  test("every filter reads on through a log far longer than one step, however rare its events", async () => {
    const subject = await Subject.open(engine);
    const { store } = subject;
    for (let block = 0; block < 10; block++) {
      const events = Array.from({ length: 2500 }, (_, index) =>
        newEvent(index === 7 && block % 4 === 0 ? "permission" : "activity", {
          ...(index % 2 === 0 ? { taskId: index % 1250 === 0 ? "rare" : "common" } : {}),
          ...(index % 3 === 0 ? { agentId: `a${index % 5}` } : {}),
        }),
      );
      await store.append(events);
    }
    const all = (await subject.followed()).flatMap(({ frame }) => eventsIn(frame));
    const filters: EventFilter[] = [
      {},
      { taskId: "rare" },
      { taskId: "common", agentId: "a1" },
      { agentId: "a0" },
      { types: ["permission"] },
      { types: ["permission", "activity"] },
      { types: ["gateway"] },
      { types: [] },
      { taskId: "rare", types: ["permission"] },
      { agentId: "a2", types: ["activity"] },
      { agentIds: ["a1", "a4"] },
      { agentIds: ["a3", "nobody"], types: ["permission"] },
    ];
    for (const filter of filters) {
      const whole = { after: 0, upTo: all.length, maxBytes: 128 * 1024 };
      const { read, steps } = await stretch(store, whole, filter);
      const expected = all.filter(wanted(filter.types?.length === 0 ? {} : filter));
      assert.deepEqual(
        read.map(({ id }) => id),
        expected.map(({ id }) => id),
        JSON.stringify(filter),
      );
      for (const { frames } of steps) assert.ok(Buffer.byteLength(frames) < 192 * 1024, "steps are bounded");
    }
    await subject.discard();
  });

  test("history pages backwards and a task's events page forwards, each event once", async () => {
    const subject = await Subject.open(engine);
    const { store } = subject;
    await fc.assert(
      fc.asyncProperty(
        fc.array(someEvent, { maxLength: 30 }),
        someFilter,
        fc.integer({ min: 1, max: 12 }),
        async (events, filter, limit) => {
          await store.append(events);
          const all = (await subject.followed()).flatMap(({ frame }) => eventsIn(frame));
          const backwards = await pages(limit, (cursor) =>
            store.history(cursor === null ? null : Number(cursor), filter, limit),
          );
          assert.deepEqual(backwards, all.filter(wanted(filter)).reverse());
          const taskId = filter.taskId ?? "t1";
          const forwards = await pages(limit, (cursor) =>
            store.taskEvents(taskId, Number(cursor ?? 0), limit),
          );
          assert.deepEqual(forwards, all.filter(wanted({ taskId })));
        },
      ),
      { numRuns: runs(engine, 60) },
    );
    await subject.discard();
  });

  test("a page of large events is short, and its cursor goes on", async () => {
    const subject = await Subject.open(engine);
    const message = "x".repeat(60_000);
    await subject.store.append(
      Array.from({ length: 150 }, () => newEvent("activity", { taskId: "t1", message })),
    );
    const history = await subject.store.history(null, {}, 500);
    const ofTask = await subject.store.taskEvents("t1", 0, 500);
    for (const { items, nextCursor } of [history, ofTask]) {
      assert.ok(items.length > 60 && items.length < 80, `${items.length}`);
      assert.equal(nextCursor, String(items.at(-1)?.id));
    }
    const last = await subject.store.taskEvents("t1", 140, 500);
    assert.deepEqual([last.items.length, last.nextCursor], [10, null]);
    await subject.discard();
  });

  test("an event reads back as it was written, whatever is in it", async () => {
    const subject = await Subject.open(engine);
    const event = {
      ...newEvent("activity", { taskId: "t1", agentId: "a1" }),
      dispatchId: "d1",
      message: "line\r\nline\u2028\u0000 \ud83d\ude00 data: x\n\nid: 7",
      progress: 0.25,
      lastState: "testing",
      data: { deep: [{ "": null }], __proto__x: "\n\nevent: reset\n" },
    };
    await subject.store.append([event]);
    const [read] = await subject.log();
    assert.deepEqual(read, { id: 1, ...event });
    assert.deepEqual((await subject.store.history(null, {}, 5)).items, [read]);
    assert.deepEqual((await subject.store.taskEvents("t1", 0, 5)).items, [read]);
    await subject.discard();
  });

  test("pruning takes the oldest in small steps while the log grows, and never the newest", async () => {
    const subject = await Subject.open(engine);
    const { store } = subject;
    const receiptsBefore = "2000-01-01T00:00:00.000Z";
    await store.append(
      Array.from({ length: 2600 }, (_, index) => newEvent("activity", { message: `${index}` })),
    );
    let oldest = 1;
    let steps = 0;
    while (await store.prune({ keepEvents: 100, receiptsBefore })) {
      const range = await store.range();
      assert.ok(range.oldest > oldest && range.oldest - oldest <= 1000, "a step is small");
      oldest = range.oldest;
      await store.append([newEvent("gateway")]);
      steps++;
    }
    assert.ok(steps > 1);
    const range = await store.range();
    assert.equal(range.newest - range.oldest + 1, 100);
    const { read } = await stretch(
      store,
      { after: range.oldest - 1, upTo: range.newest, maxBytes: 4096 },
      {},
    );
    assert.deepEqual(
      read.map(({ id }) => id),
      Array.from({ length: 100 }, (_, index) => range.oldest + index),
    );
    assert.equal((await store.history(null, {}, 500)).items.length, 100);
    assert.equal(await store.prune({ keepEvents: 100, receiptsBefore }), false);
    await subject.reopen();
    assert.deepEqual(await subject.store.range(), range, "a restart finds the same log");
    await subject.store.append([newEvent("gateway")]);
    assert.equal((await subject.store.range()).newest, range.newest + 1);
    await subject.discard();
  });
}

async function stretch(
  store: Store,
  { after, upTo, maxBytes }: { after: number; upTo: number; maxBytes: number },
  filter: EventFilter,
): Promise<{ read: LogEvent[]; steps: { frames: string; lastId: number }[] }> {
  const read: LogEvent[] = [];
  const steps: { frames: string; lastId: number }[] = [];
  for (let position = after; position < upTo; ) {
    const step = await store.frames({ after: position, upTo, maxBytes }, filter);
    assert.ok(step.lastId > position && step.lastId <= upTo, "each step goes on, and not beyond the stretch");
    const frames = textOf(step.frames);
    const events = eventsIn(frames);
    for (const { id } of events) assert.ok(id > position && id <= step.lastId);
    read.push(...events);
    steps.push({ frames, lastId: step.lastId });
    position = step.lastId;
  }
  return { read, steps };
}

/** The last frame of a piece of the stream. */
function frameOf(frames: string): string {
  const start = frames.lastIndexOf("\n\nid: ", frames.length - 3);
  return start === -1 ? frames : frames.slice(start + 2);
}

async function pages(
  limit: number,
  next: (cursor: string | null) => Promise<EventPage>,
): Promise<LogEvent[]> {
  const items: LogEvent[] = [];
  let cursor: string | null = null;
  do {
    const page: EventPage = await next(cursor);
    assert.ok(page.items.length <= limit);
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return items;
}
