import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import type { InboxItem, TaskSummary } from "@mission-control/protocol";
import { event, task } from "../../test/support/events.ts";
import { type Call, settled, TestMission } from "../../test/support/test-mission.ts";
import { InboxFeed, inboxOf } from "./inbox-feed.ts";
import { SNOOZE_MS } from "./snoozes.ts";

/** The list is asked for again so long after a task has moved. */
const REFRESH_MS = 2_000;

let there: TestMission;
let feed: InboxFeed;
let stop: () => void;
beforeEach(async () => {
  there = new TestMission();
  await there.start([task({ id: "a", status: "review" }), task({ id: "b" })], 10);
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.parse("2026-11-23T10:00:00.000Z") });
  feed = new InboxFeed(there.mission);
  stop = feed.start();
});
afterEach(() => {
  stop();
  feed.wakeAll();
  mock.timers.reset();
  there.close();
});

const review = (id: string): InboxItem => ({
  kind: "review",
  since: "2026-11-23T10:00:00.000Z",
  task: task({ id, status: "review" }),
});
const list = (...items: InboxItem[]) => ({
  items,
  counts: { question: 0, undelivered: 0, review: items.length, failure: 0, silent: 0 },
  running: 2,
});
const ids = () => feed.view.items.map((item) => item.task.id);
/** The next list that is asked for. */
const asked = (): Promise<Call> => there.call("GET /api/inbox");
const answer = async (...items: InboxItem[]) => {
  (await asked()).answer(list(...items));
  await settled();
  // The library tells of an answer in a turn of its own.
  mock.timers.tick(0);
};
let position = 10;
const moves = (taskId: string, to: TaskSummary["status"]) =>
  there.events(event(++position, { type: "status_change", taskId, data: { to } }));

test("there is nothing to show until the first list is here, and then what it says", async () => {
  assert.deepEqual([feed.view.isReady, ids()], [false, []]);
  await answer(review("a"));
  assert.deepEqual([feed.view.isReady, ids(), feed.view.count, feed.view.running], [true, ["a"], 1, 2]);
});

test("nothing changes, nothing is drawn: the same view is the same object", async () => {
  await answer(review("a"));
  const { view } = feed;
  there.events(event(++position, { taskId: "b", message: "Reading" }));
  assert.equal(feed.view, view);
  moves("a", "completed");
  assert.notEqual(feed.view, view);
});

test("a list that was asked for before a task moved does not bring back what is dealt with", async () => {
  await answer(review("a"));
  feed.retry();
  const late = await asked();
  moves("a", "completed");
  late.answer(list(review("a")));
  await settled();
  mock.timers.tick(0);
  assert.deepEqual(ids(), []);
  mock.timers.tick(REFRESH_MS);
  await answer();
  assert.deepEqual(ids(), []);
});

test("a list that is given up for a newer one takes nothing along of what was known by then", async () => {
  await answer(review("a"));
  moves("a", "completed");
  feed.retry();
  await asked();
  feed.retry();
  const second = await asked();
  await settled();
  assert.deepEqual(ids(), [], "while the second is on its way");
  second.refuse(503);
  await settled();
  mock.timers.tick(0);
  assert.deepEqual(ids(), [], "and where it fails");
  assert.equal(feed.view.error?.message, "Refused.");
});

test("what was dealt with and waits again by a later list is there again", async () => {
  await answer(review("a"));
  moves("a", "completed");
  moves("a", "in_progress");
  mock.timers.tick(REFRESH_MS);
  await answer(review("a"), review("c"));
  assert.deepEqual(ids(), ["a", "c"]);
});

test("however much moves, the list is asked for once in a while, and only for what can change it", async () => {
  await answer(review("a"));
  there.events(event(++position, { taskId: "a", message: "words" }));
  mock.timers.tick(REFRESH_MS);
  assert.deepEqual(there.open, []);
  for (let at = 0; at < 50; at++) moves("b", at % 2 ? "in_progress" : "queued");
  mock.timers.tick(REFRESH_MS - 1);
  assert.deepEqual(there.open, []);
  mock.timers.tick(1);
  assert.deepEqual(there.open, ["GET /api/inbox"]);
});

test("a list that cannot be read leaves what was there, with the reason, until one can", async () => {
  await answer(review("a"));
  feed.retry();
  (await asked()).fail();
  await settled();
  mock.timers.tick(0);
  assert.deepEqual(ids(), ["a"]);
  assert.ok(feed.view.error);
  feed.retry();
  await answer(review("b"));
  assert.deepEqual([ids(), feed.view.error], [["b"], null]);
});

test("what is put off is counted apart, and comes back by itself when its time is over", async () => {
  await answer(review("a"), review("b"));
  const [first] = feed.view.items;
  assert.ok(first);
  feed.snooze(first);
  assert.deepEqual([ids(), feed.view.snoozed, feed.view.count], [["b"], 1, 1]);
  mock.timers.tick(SNOOZE_MS - 1);
  assert.deepEqual(ids(), ["b"]);
  const before = there.mission.version;
  mock.timers.tick(1);
  assert.deepEqual([ids(), feed.view.snoozed], [["a", "b"], 0]);
  await settled();
  assert.ok(there.mission.version > before, "and it is drawn");
});

test("what another tab puts off, or brings back, holds here", async () => {
  await answer(review("a"));
  const other = new InboxFeed(there.mission);
  other.snooze(review("a"));
  assert.deepEqual(ids(), ["a"]);
  there.happen("storage");
  assert.deepEqual(ids(), []);
  other.wakeAll();
  there.happen("storage");
  assert.deepEqual(ids(), ["a"]);
});

test("an inbox that nobody looks at any more asks for nothing", async () => {
  await answer(review("a"));
  moves("a", "completed");
  stop();
  moves("b", "failed");
  mock.timers.tick(60_000);
  assert.deepEqual(there.open, []);
});

test("a page has one inbox", () => {
  assert.equal(inboxOf(there.mission), inboxOf(there.mission));
});
