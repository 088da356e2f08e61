import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { decodeFrame } from "../../packages/server/src/store/event-frame.ts";
import { STEP_ENTRIES } from "../../packages/server/src/store/postgres/event-log.ts";
import type { PostgresStore } from "../../packages/server/src/store/postgres/postgres-store.ts";
import { StoreUnavailableError } from "../../packages/server/src/store/store.ts";
import {
  callback,
  createTask,
  dispatchTo,
  newEvent,
  register,
  running,
} from "../../packages/server/test/conformance/engine.ts";
import { Place } from "./place.ts";
import { PostgresServer } from "./postgres-server.ts";
import { often, Told } from "./told.ts";

let server: PostgresServer;

before(async () => {
  server = await PostgresServer.start();
});
after(() => server.discard());

async function nodes(
  context: TestContext,
  count: number,
): Promise<{ place: Place; stores: PostgresStore[] }> {
  const place = await Place.of(context, server);
  return { place, stores: await Promise.all(Array.from({ length: count }, () => place.open())) };
}

test("followers on every node see the same events in the same order, none twice and none left out", async (context) => {
  const { stores } = await nodes(context, 3);
  const told = stores.map((store) => new Told(store));
  const lines = stores.flatMap((store, node) =>
    Array.from({ length: 8 }, (_, line) =>
      often(40, (round) => store.append([newEvent("activity", { message: `${node} ${line} ${round}` })])),
    ),
  );
  await Promise.all(lines);
  const count = 3 * 8 * 40;
  const sequences = await Promise.all(told.map((one) => one.upTo(count)));
  for (const sequence of sequences) {
    assert.deepEqual(
      sequence.map(({ id }) => id),
      Array.from({ length: count }, (_, index) => index + 1),
    );
    assert.deepEqual(
      sequence.map(({ frame }) => frame),
      sequences[0]?.map(({ frame }) => frame),
    );
  }
  assert.equal(new Set(sequences[0]?.map(({ frame }) => /"message":"([^"]+)"/.exec(frame)?.[1])).size, count);
});

test("another node is given long entries among short ones as they were committed, and more than one step of them", async (context) => {
  const { stores } = await nodes(context, 2);
  const [one, other] = stores as [PostgresStore, PostgresStore];
  const told = new Told(other);
  const lengths = Array.from({ length: 2 * STEP_ENTRIES + 50 }, (_, index) =>
    index % 100 === 99 ? 50_000 : 20,
  );
  await one.append(lengths.map((length) => newEvent("activity", { message: "x".repeat(length) })));
  const entries = await told.upTo(lengths.length);
  assert.deepEqual(
    entries.map(({ frame }) => decodeFrame(frame).message?.length),
    lengths,
  );
});

test("of one callback sent to several nodes at once, one counts", async (context) => {
  const { stores } = await nodes(context, 3);
  const [store] = stores as [PostgresStore];
  await running(store, "t1", "a1", "d1");
  const said = callback("t1", "a1", { type: "progress", message: "once" });
  for (let round = 0; round < 10; round++) {
    const key = { key: `msg_${round}` };
    const results = await Promise.all(
      stores.flatMap((one) => [one.change(said, { key }), one.change(said, { key })]),
    );
    assert.equal(results.filter(({ duplicate }) => !duplicate).length, 1);
    assert.equal(new Set(results.map(({ eventId }) => eventId)).size, 1);
  }
});

test("of an agent's queue, no attempt is handed out twice, whoever claims", async (context) => {
  const { stores } = await nodes(context, 2);
  const [one, other] = stores as [PostgresStore, PostgresStore];
  await register(one, "a1", 5);
  const lease = await one.lease("queue", new AbortController().signal);
  const ids = Array.from({ length: 20 }, (_, index) => `t${index}`);
  await Promise.all(ids.map((id) => one.change(createTask(id))));
  await Promise.all(ids.map((id) => other.change(dispatchTo("a1", id, `d-${id}`))));
  const claims = await Promise.all([one, other, one, other].map((store) => store.claim("a1", lease.token)));
  const claimed = claims.flatMap((claim) => claim.claimed.map(({ attempt }) => attempt.id));
  assert.equal(claimed.length, 5);
  assert.equal(new Set(claimed).size, 5);
});

test("a lease is one node's at a time, and what is committed under it is refused once it is another's", async (context) => {
  const { stores } = await nodes(context, 2);
  const [one, other] = stores as [PostgresStore, PostgresStore];
  const { signal } = new AbortController();
  const first = await one.lease("gateway", signal);
  let isOthers = false;
  const waiting = other.lease("gateway", signal).then((lease) => {
    isOthers = true;
    return lease;
  });
  await one.append([newEvent("gateway")], { under: first.token });
  assert.equal(isOthers, false);
  await first.release();
  const second = await waiting;
  assert.ok(second.token.fence > first.token.fence);
  await assert.rejects(one.append([newEvent("gateway")], { under: first.token }), { code: "fenced" });
  await assert.rejects(other.append([newEvent("gateway")], { under: first.token }), { code: "fenced" });
  await one.append([newEvent("gateway")], { under: second.token });
});

test("ten nodes that start at once on an empty database bring its schema up once", async (context) => {
  const { place, stores } = await nodes(context, 10);
  const steps = await place.query("SELECT version FROM schema_version ORDER BY version");
  assert.deepEqual(
    steps.map(({ version }) => version),
    steps.map((_, index) => index + 1),
  );
  await Promise.all(stores.map((store) => store.append([newEvent("gateway")])));
  assert.deepEqual(await stores[0]?.range(), { oldest: 1, newest: 10 });
});

test("a schema of a newer version is refused, and left as it was", async (context) => {
  const { place } = await nodes(context, 1);
  await place.query("INSERT INTO schema_version (version) VALUES (99)");
  await assert.rejects(place.open(), { code: "newer_database" });
});

for (const mode of ["fast", "immediate"] as const) {
  test(`a database that is restarted under load (${mode}) loses nothing that was confirmed, and doubles nothing`, async (context) => {
    const { stores } = await nodes(context, 2);
    const told = stores.map((store) => new Told(store));
    const confirmed = new Set<string>();
    let half = () => {};
    const halfDone = new Promise<void>((resolve) => {
      half = resolve;
    });
    const [first] = stores as [PostgresStore];
    await running(first, "t1", "a1", "d1");
    const lines = stores.flatMap((store, node) =>
      Array.from({ length: 4 }, (_, line) =>
        often(60, async (round) => {
          const key = `${node}-${line}-${round}`;
          const said = callback("t1", "a1", { type: "progress", message: key });
          await store.change(said, { key: { key } });
          confirmed.add(key);
          if (confirmed.size === 100) half();
        }),
      ),
    );
    await halfDone;
    await server.restart(mode);
    await Promise.all(lines);
    const range = await first.range();
    for (const one of told) await one.assertConfirmed(range, confirmed);
  });
}

test("while the database is away, changes are refused at once, readiness says so, and both come back", async (context) => {
  const { stores } = await nodes(context, 1);
  const [store] = stores as [PostgresStore];
  await store.append([newEvent("gateway")]);
  assert.equal(await store.unavailableReason(), null);
  await server.stop();
  try {
    await assert.rejects(store.append([newEvent("gateway")]), StoreUnavailableError);
    await assert.rejects(store.task("t1"), StoreUnavailableError);
    assert.match((await store.unavailableReason()) ?? "", /cannot be reached/);
  } finally {
    await server.start();
  }
  await store.append([newEvent("gateway")]);
  assert.deepEqual(await store.range(), { oldest: 1, newest: 2 });
  assert.equal(await store.unavailableReason(), null);
});
