import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { Metrics } from "../../packages/server/src/metrics.ts";
import type { PostgresStore } from "../../packages/server/src/store/postgres/postgres-store.ts";
import { callback, newEvent, running } from "../../packages/server/test/conformance/engine.ts";
import { Place } from "./place.ts";
import { PostgresServer } from "./postgres-server.ts";
import { often, Told } from "./told.ts";
import { Wire } from "./wire.ts";

let server: PostgresServer;

before(async () => {
  server = await PostgresServer.start();
});
after(() => server.discard());

/** The name of a statement that comes in the piece by which a commit is written. */
const WRITING = "insert_events";
/** A commit's last statement, and the head of its answer. */
const COMMIT = "COMMIT\0";

/** A node whose wire to the database a test has in its hands, and one beside it. */
async function wired(context: TestContext) {
  const place = await Place.of(context, server);
  const wire = await Wire.to(place.url);
  context.after(() => wire.close());
  const [far, near] = [await place.open({}, wire.url), await place.open()];
  return { place, wire, far, near, told: [far, near].map((store) => new Told(store)) };
}

const say = (store: PostgresStore, message: string) => store.append([newEvent("activity", { message })]);

/** What each node was told, which is the same. */
async function messages(told: readonly Told[], upTo: number): Promise<(string | undefined)[]> {
  const sequences = await Promise.all(told.map((one) => one.upTo(upTo)));
  const [first, ...others] = sequences.map((entries) =>
    entries.map(({ frame }) => /"message":"([^"]+)"/.exec(frame)?.[1]),
  );
  for (const other of others) assert.deepEqual(other, first);
  return first ?? [];
}

/** Resolves once a transaction waits for another one. */
async function somebodyWaits(place: Place): Promise<void> {
  while ((await place.query("SELECT FROM pg_locks WHERE NOT granted")).length === 0) await wait(5);
}

test("no commit overtakes one that has begun: what is seen of the log is never without what stands before it", async (context) => {
  const { place, wire, far, near, told } = await wired(context);
  const holding = wire.holdBack("to the database", WRITING);
  const first = say(far, "first");
  const held = await holding;
  const second = say(near, "second");
  const became = await Promise.race([
    second.then((id) => `was committed as ${id}`),
    somebodyWaits(place).then(() => "waits"),
  ]);
  held.release();
  assert.equal(became, "waits", "a commit was made before one whose event id was taken already");
  assert.deepEqual(await Promise.all([first, second]), [1, 2]);
  assert.deepEqual(await messages(told, 2), ["first", "second"]);
});

test("what comes while other nodes hold the head of the log shares a commit", async (context) => {
  const place = await Place.of(context, server);
  const sizes: number[] = [];
  const metrics = new Metrics();
  metrics.commit = (_seconds, size) => void sizes.push(size);
  const [one, other] = [await place.open({ metrics }), await place.open()];
  const told = [one, other].map((store) => new Told(store));
  await say(other, "before");
  await say(one, "after another one's");
  const holder = new pg.Client(place.url);
  await holder.connect();
  await holder.query("BEGIN");
  await holder.query("SELECT FROM log_head FOR UPDATE");
  const first = say(one, "waits");
  await somebodyWaits(place);
  const more = [say(one, "came meanwhile"), say(one, "and another one")];
  await holder.query("COMMIT");
  await holder.end();
  await Promise.all([first, ...more]);
  assert.deepEqual(sizes, [1, 3]);
  assert.deepEqual((await messages(told, 5)).slice(2), ["waits", "came meanwhile", "and another one"]);
});

test("a node that hangs in the middle of a commit holds up the others for some seconds, and makes its own later", async (context) => {
  const { wire, far, near, told } = await wired(context);
  const holding = wire.holdBack("to the database", WRITING);
  const hanging = say(far, "hung");
  const held = await holding;
  const begun = performance.now();
  assert.equal(await say(near, "went on"), 1);
  const took = performance.now() - begun;
  assert.ok(took < 6000, `it took ${Math.round(took)} ms`);
  held.release();
  assert.equal(await hanging, 2);
  assert.deepEqual(await messages(told, 2), ["went on", "hung"]);
});

test("a commit whose connection breaks off before it, or before its answer, is made once", async (context) => {
  const { wire, far, told } = await wired(context);
  // A connection's first transaction looks where the log is; only the next ones are commits.
  assert.equal(await say(far, "connected"), 1);
  const sayings = ["before", "after"];
  for (const [index, direction] of (["to the database", "from the database"] as const).entries()) {
    const holding = wire.holdBack(direction, COMMIT);
    const saying = say(far, sayings[index] as string);
    (await holding).cut();
    assert.equal(await saying, index + 2);
  }
  assert.deepEqual(await messages(told, 3), ["connected", ...sayings]);
});

test("a connection that breaks off before its first commit is made anew, and the commit once", async (context) => {
  const { wire, far, told } = await wired(context);
  const holding = wire.holdBack("to the database", COMMIT);
  const saying = say(far, "after all");
  (await holding).cut();
  assert.equal(await saying, 1);
  assert.deepEqual(await messages(told, 1), ["after all"]);
});

test("connections that are cut again and again under load lose nothing that was confirmed, and double nothing", async (context) => {
  const { place, wire, far, near, told } = await wired(context);
  await running(near, "t1", "a1", "d1");
  const confirmed = new Set<string>();
  const work = [far, near].flatMap((store, node) =>
    Array.from({ length: 4 }, (_, line) =>
      often(60, async (round) => {
        const key = `${node}-${line}-${round}`;
        await store.change(callback("t1", "a1", { type: "progress", message: key }), { key: { key } });
        confirmed.add(key);
        // In the middle of whatever the others are at.
        if (node === 0 && line === 0 && round % 4 === 0) wire.cut();
      }),
    ),
  );
  await Promise.all(work);
  const [newest] = await place.query("SELECT newest FROM log_head");
  const said = (await messages(told, Number(newest?.newest))).filter((text) =>
    /^\d+-\d+-\d+$/.test(text ?? ""),
  );
  assert.equal(said.length, 2 * 4 * 60, "none twice");
  assert.deepEqual(new Set(said), confirmed);
});
