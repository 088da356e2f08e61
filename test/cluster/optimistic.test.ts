import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { Metrics } from "../../packages/server/src/metrics.ts";
import type { ChangeResult } from "../../packages/server/src/store/operations.ts";
import type { Store } from "../../packages/server/src/store/store.ts";
import { callback, register, running } from "../../packages/server/test/conformance/engine.ts";
import { Place } from "./place.ts";
import { PostgresServer } from "./postgres-server.ts";
import { Told } from "./told.ts";
import { type HeldBack, Wire } from "./wire.ts";

let server: PostgresServer;

before(async () => {
  server = await PostgresServer.start();
});
after(() => server.discard());

/** A statement that only an optimistic commit has. */
const OPTIMISTIC = "require_revisions";
/** In the head of its answer, and in that of no other statement before it. */
const ANSWER = "revision";

/** Two nodes, one of them over a wire that a test has in its hands, and tasks that an agent works on. */
async function nodes(context: TestContext, tasks: readonly string[] = ["t1"]) {
  const place = await Place.of(context, server);
  const wire = await Wire.to(place.url);
  context.after(() => wire.close());
  const metrics = new Metrics();
  const [far, near] = [await place.open({ metrics }, wire.url), await place.open()];
  const told = [far, near].map((store) => new Told(store));
  await register(far, "a1", tasks.length);
  for (const taskId of tasks) {
    await running(far, taskId, "a1", `d-${taskId}`);
    await say(far, taskId, "loaded");
  }
  /** How many of the far node's commits the database has refused. */
  const refused = async () =>
    Number(/^mission_control_commits_refused_total (\d+)$/m.exec(await metrics.text())?.[1]);
  return { place, wire, far, near, told, refused };
}

/** Sends a callback, whose message is its key too. */
function say(
  store: Store,
  taskId: string,
  message: string,
  type: "progress" | "complete" = "progress",
): Promise<ChangeResult> {
  const change = { ...callback(taskId, "a1", { type, message }), dispatchId: `d-${taskId}` };
  return store.change(change, { key: { key: message } });
}

/** What the log has of callbacks since {@link nodes}, which is the same on all nodes, up to an event that is there. */
async function said(told: readonly Told[], upTo: number): Promise<string[]> {
  const sequences = await Promise.all(told.map((one) => one.upTo(upTo)));
  const [first = [], ...others] = sequences.map((entries) => {
    assert.deepEqual(
      entries.map(({ id }) => id),
      entries.map((_, index) => index + 1),
    );
    return entries.flatMap(({ frame }) => /"message":"([^"]+)"/.exec(frame)?.[1] ?? []);
  });
  for (const other of others) assert.deepEqual(other, first);
  return first.slice(first.lastIndexOf("loaded") + 1);
}

/** Whether something comes by on the wire while something else is done. */
async function comesBy(wire: Wire, text: string, work: () => Promise<unknown>): Promise<boolean> {
  let held: HeldBack | undefined;
  void wire.holdBack("to the database", text).then((piece) => {
    held = piece;
    piece.release();
  });
  await work();
  return held !== undefined;
}

/** Holds the head of the log, as a commit of another node would. */
async function holdHead(context: TestContext, place: Place): Promise<() => Promise<void>> {
  const holder = new pg.Client(place.url);
  await holder.connect();
  await holder.query("BEGIN");
  await holder.query("SELECT FROM log_head FOR UPDATE");
  const release = async () => {
    await holder.query("COMMIT").catch(() => {});
    await holder.end();
  };
  context.after(release);
  return release;
}

async function waiting(place: Place, count = 1): Promise<void> {
  while ((await place.query("SELECT FROM pg_locks WHERE NOT granted")).length < count) await wait(5);
}

test("a callback on a task that this node wrote last is stored without reading anything before", async (context) => {
  const { wire, far, told, refused } = await nodes(context);
  assert.ok(await comesBy(wire, OPTIMISTIC, () => say(far, "t1", "first")));
  assert.ok(!(await comesBy(wire, "load_tasks", () => say(far, "t1", "second"))));
  const { eventId, task, duplicate } = await say(far, "t1", "third");
  assert.deepEqual([task?.message, duplicate], ["third", false]);
  assert.deepEqual(await said(told, eventId ?? 0), ["first", "second", "third"]);
  assert.equal(await refused(), 0);
});

test("what another node made of a task meanwhile is what a callback finds", async (context) => {
  const { far, near, told, refused } = await nodes(context);
  await say(near, "t1", "done", "complete");
  const { refusal, task } = await say(far, "t1", "too late", "complete");
  assert.deepEqual([refusal?.code, task?.status], ["conflict", "completed"]);
  assert.equal(await refused(), 1);
  const { newest } = await far.range();
  assert.equal((await said(told, newest))[0], "done");
});

test("what another node noted of an attempt alone is kept when the attempt ends", async (context) => {
  const { far, near } = await nodes(context);
  await near.change({ kind: "note", taskId: "t1", dispatchId: "d-t1", note: { run: "r1" } });
  const { attempt } = await say(far, "t1", "done", "complete");
  assert.deepEqual([attempt?.state, attempt?.note], ["completed", { run: "r1" }]);
});

test("a repeat is known by its receipt, whichever node has it and however soon it comes", async (context) => {
  const { far, near, told } = await nodes(context);
  const first = await say(far, "t1", "once");
  const again = await say(far, "t1", "once");
  const elsewhere = await say(near, "t1", "once");
  const together = await Promise.all([say(far, "t1", "both"), say(far, "t1", "both")]);
  for (const repeat of [again, elsewhere]) {
    assert.deepEqual([repeat.duplicate, repeat.eventId], [true, first.eventId]);
  }
  assert.deepEqual(
    together.map(({ duplicate, eventId }) => [duplicate, eventId]),
    [
      [false, (first.eventId ?? 0) + 1],
      [true, (first.eventId ?? 0) + 1],
    ],
  );
  assert.deepEqual(await said(told, (first.eventId ?? 0) + 1), ["once", "both"]);
});

test("one commit waits at the database while the next one is on its way, and both keep their order", async (context) => {
  const tasks = ["t1", "t2", "t3"];
  const { place, far, told } = await nodes(context, tasks);
  const release = await holdHead(context, place);
  const sayings = [say(far, "t1", "first")];
  await waiting(place);
  sayings.push(say(far, "t2", "second"));
  // Of a task that is being written, what comes next waits for that.
  sayings.push(say(far, "t1", "third"));
  await release();
  const ids = (await Promise.all(sayings)).map(({ eventId }) => eventId as number);
  assert.deepEqual(
    ids,
    [...ids].sort((a, b) => a - b),
  );
  assert.deepEqual(await said(told, ids.at(-1) as number), ["first", "second", "third"]);
});

test("a commit whose connection breaks off before it, while it waits, or before its answer, is made once", async (context) => {
  const { place, wire, far, told } = await nodes(context);
  const before = wire.holdBack("to the database", OPTIMISTIC);
  const sayings = [say(far, "t1", "before")];
  (await before).cut();
  await Promise.all(sayings);

  await say(far, "t1", "connected");
  const release = await holdHead(context, place);
  sayings.push(say(far, "t1", "waits"));
  await waiting(place);
  wire.cut();
  // The database goes on with what it has, and what is asked for anew waits behind it.
  await waiting(place, 2);
  await release();
  await Promise.all(sayings);

  await say(far, "t1", "connected again");
  const answer = wire.holdBack("from the database", ANSWER);
  sayings.push(say(far, "t1", "after"));
  (await answer).cut();
  const results = await Promise.all(sayings);
  const newest = results.at(-1)?.eventId as number;
  const messages = await said(told, newest);
  assert.deepEqual(messages, ["before", "connected", "waits", "connected again", "after"]);
});
