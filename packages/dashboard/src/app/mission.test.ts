import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { event, task } from "../../test/support/events.ts";
import { settled, TestMission } from "../../test/support/test-mission.ts";
import type { LiveStatus } from "../live/status.ts";
import type { Mission } from "./mission.ts";

let there: TestMission;
let mission: Mission;
beforeEach(() => {
  there = new TestMission();
  mission = there.mission;
});
afterEach(() => there.close());

const live: LiveStatus = { phase: "live", since: 0, caughtUp: 0 };
const status = (told: LiveStatus) => there.tell({ kind: "status", status: told, at: performance.now() });
const moved = (id: number, to: string) => event(id, { type: "status_change", data: { to } });

test("the page begins with a snapshot and follows the log from there, each event once", async () => {
  await there.start([task({ status: "queued" })], 10);
  assert.equal(mission.ready, true);
  assert.deepEqual(there.sent, [{ kind: "attach", after: 10, key: null }]);
  const batches: [held: number[], whole: number[]][] = [];
  mission.onBatch((held, whole) => batches.push([held.map(({ id }) => id), whole.map(({ id }) => id)]));
  there.events(moved(10, "failed"), moved(11, "in_progress"));
  there.events(moved(11, "in_progress"));
  there.events(moved(11, "in_progress"), event(12, { message: "Reading" }));
  assert.deepEqual(batches, [
    [[11], [11]],
    [[12], [12]],
  ]);
  const { status: now, message } = mission.tasks.get("task_1") ?? {};
  assert.deepEqual([now, message, mission.log.position], ["in_progress", "Reading", 12]);
});

test("a first snapshot that cannot be read says why, and is read at once when somebody asks", async () => {
  const started = mission.start();
  (await there.call("GET /api/tasks")).refuse(503, "The store cannot be reached.");
  await settled();
  assert.equal(mission.startFailure?.message, "The store cannot be reached.");
  assert.equal(mission.status.phase, "reconnecting");
  assert.equal(mission.ready, false);
  mission.retryNow();
  (await there.call("GET /api/tasks")).answer({ items: [], nextCursor: null, lastEventId: 4 });
  await started;
  assert.deepEqual([mission.ready, mission.startFailure, mission.log.position], [true, null, 4]);
});

test("a page that is left before its first snapshot is there follows nothing", async () => {
  const started = mission.start();
  const call = await there.call("GET /api/tasks");
  mission.stop();
  call.answer({ items: [], nextCursor: null, lastEventId: 4 });
  await started;
  assert.deepEqual([mission.ready, there.sent], [false, []]);
});

test("a list that is older than what the log has told is brought up to date, not believed", async () => {
  await there.start([], 10);
  const reading = mission.loadTasks("limit=5");
  const call = await there.call("GET /api/tasks?limit=5");
  there.events(moved(11, "in_progress"), moved(12, "completed"));
  // It moved while the page did not know it: it is asked for by itself, too.
  (await there.call("GET /api/tasks/task_1")).refuse(503);
  call.answer({ items: [task({ status: "queued" })], nextCursor: null, lastEventId: 10 });
  await reading;
  assert.equal(mission.tasks.get("task_1")?.status, "completed");
});

test("a task that could not be read when it moved is read when the connection is live again", async () => {
  await there.start([], 10);
  there.events(moved(11, "completed"));
  (await there.call("GET /api/tasks/task_1")).fail();
  await settled();
  assert.equal(mission.tasks.get("task_1"), undefined);
  assert.deepEqual(there.open, []);
  status(live);
  assert.deepEqual(there.open, ["GET /api/tasks/task_1"]);
  (await there.call("GET /api/tasks/task_1")).answer(task({ status: "completed" }));
  await settled();
  assert.equal(mission.tasks.get("task_1")?.status, "completed");
});

test("a log that begins anew: what is shown stays until it is read anew, and then goes if nobody told of it", async () => {
  await there.start([task({ id: "a" }), task({ id: "b" })], 900);
  const query = { queryKey: ["list"], queryFn: () => mission.loadTasks("limit=5").then(() => 0) };
  const observing = mission.queries.fetchQuery(query);
  (await there.call("GET /api/tasks?limit=5")).answer({ items: [], nextCursor: null, lastEventId: 900 });
  await observing;
  const { QueryObserver } = await import("@tanstack/react-query");
  const stop = new QueryObserver(mission.queries, { ...query, staleTime: Infinity }).subscribe(() => {});
  there.tell({ kind: "reset", newest: 3 });
  const call = await there.call("GET /api/tasks?limit=5");
  assert.equal(mission.tasks.all().length, 2, "nothing vanishes under who reads");
  there.events(event(4, { taskId: "a", message: "of the new log" }));
  call.answer({ items: [task({ id: "a", message: "as it is" })], nextCursor: null, lastEventId: 3 });
  await settled();
  assert.deepEqual(
    mission.tasks.all().map(({ id, message }) => [id, message]),
    [["a", "of the new log"]],
  );
  stop();
});

test("a list that was asked for before the log began anew says nothing of the new one", async () => {
  await there.start([task({ status: "queued" })], 900);
  const reading = mission.loadTasks("limit=5");
  const call = await there.call("GET /api/tasks?limit=5");
  there.tell({ kind: "reset", newest: 3 });
  call.answer({ items: [task({ status: "review" })], nextCursor: null, lastEventId: 900 });
  await reading;
  there.events(moved(4, "completed"));
  assert.notEqual(mission.tasks.get("task_1")?.status, "review", "an event of the new log counts for more");
});

test("two logs that begin anew, one upon the other: only what the second reads decides what is left", async () => {
  const { QueryObserver } = await import("@tanstack/react-query");
  await there.start([task({ id: "a" })], 900);
  const stop = new QueryObserver(mission.queries, {
    queryKey: ["list"],
    queryFn: ({ signal }) => mission.loadTasks("limit=5", signal).then(() => 0),
  }).subscribe(() => {});
  (await there.call("GET /api/tasks?limit=5")).answer({ items: [], nextCursor: null, lastEventId: 900 });
  await settled();
  there.tell({ kind: "reset", newest: 3 });
  await there.call("GET /api/tasks?limit=5");
  there.tell({ kind: "reset", newest: 1 });
  const second = await there.call("GET /api/tasks?limit=5");
  await settled();
  assert.equal(mission.tasks.all().length, 1, "not swept by the first, which was given up");
  second.answer({ items: [task({ id: "a" })], nextCursor: null, lastEventId: 1 });
  await settled();
  assert.equal(mission.tasks.all().length, 1);
  stop();
});

test("when the log begins anew, what was sent is no longer waited for; what is still held back is", async () => {
  await there.start([task()], 10);
  mission.pending.begin("sent", { to: null, label: "…", after: 10 });
  mission.pending.begin("held", { to: null, label: "…", after: Number.POSITIVE_INFINITY });
  there.tell({ kind: "reset", newest: 3 });
  assert.deepEqual([mission.pending.get("sent"), mission.pending.get("held")?.label], [undefined, "…"]);
});

test("a page that is put away sends what is held back, and goes on where it was when it is shown again", async () => {
  await there.start([], 10);
  const sent: boolean[] = [];
  mission.held.hold("task_1", { send: (leaving) => sent.push(leaving), undone: assert.fail });
  there.events(event(11));
  there.happen("pagehide");
  there.happen("pageshow", { persisted: false });
  assert.deepEqual(sent, [true]);
  assert.deepEqual(there.sent.slice(1), [{ kind: "detach" }]);
  there.happen("pageshow", { persisted: true });
  assert.deepEqual(there.sent.at(-1), { kind: "attach", after: 11, key: null });
});

test("whoever is signed out in one tab may have logged in in another: a live connection says so", async () => {
  await there.start([], 10);
  status({ phase: "signed_out" });
  assert.equal(mission.signedOut, true);
  status({ phase: "connecting" });
  assert.equal(mission.signedOut, true);
  status(live);
  assert.equal(mission.signedOut, false);
});

test("a call that is answered with 401 signs out, and a log-in tries everything again", async () => {
  await there.start([], 10);
  const reading = assert.rejects(mission.loadTasks("limit=5"), { status: 401 });
  (await there.call("GET /api/tasks?limit=5")).refuse(401);
  await reading;
  assert.equal(mission.signedOut, true);
  mission.signedIn();
  assert.deepEqual([mission.signedOut, there.sent.at(-1)?.kind], [false, "retry"]);
});

test("what comes before the next drawing is told in it, once; only a few at a time are looked at one by one", async () => {
  await there.start([task()], 10);
  await settled();
  const before = there.told;
  there.events(...[11, 12, 13, 14].map((id) => event(id)));
  assert.equal(mission.calm, false);
  there.events(...[15, 16, 17].map((id) => event(id)));
  assert.equal(mission.calm, true);
  await settled();
  assert.equal(there.told - before, 1);
});

test("how long events take is measured only of those that were seen as they came", async () => {
  await there.start([task()], 10);
  const at = (id: number) => event(id, { receivedAt: new Date().toISOString() });
  there.events(at(11));
  await settled();
  assert.equal(mission.latency.samples.length, 0, "it was caught up");
  status(live);
  there.events(at(12));
  while (mission.latency.samples.length === 0) await settled();
  assert.equal(mission.latency.samples.length, 1);
  Object.assign(document, { visibilityState: "hidden" });
  there.events(at(13));
  Object.assign(document, { visibilityState: "visible" });
  there.events(at(14));
  while (mission.latency.samples.length === 1) await settled();
  assert.equal(mission.latency.samples.length, 2, "one of the two could not be seen");
});
