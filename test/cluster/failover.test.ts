import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { PostgresStore } from "../../packages/server/src/store/postgres/postgres-store.ts";
import { StoreUnavailableError } from "../../packages/server/src/store/store.ts";
import { callback, newEvent, running } from "../../packages/server/test/conformance/engine.ts";
import { PostgresServer } from "./postgres-server.ts";
import { often, Told } from "./told.ts";
import { Wire } from "./wire.ts";

test("a primary that is killed under load, and its replica promoted, lose nothing that was confirmed, and ids go on", async (context) => {
  const primary = await PostgresServer.start();
  const replica = await primary.replica();
  const wire = await Wire.to(primary.url());
  const stores = [await PostgresStore.open({ url: wire.url }), await PostgresStore.open({ url: wire.url })];
  context.after(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await wire.close();
    await Promise.all([primary.discard(), replica.discard()]);
  });
  const told = stores.map((store) => new Told(store));
  const [first] = stores as [PostgresStore];
  await running(first, "t1", "a1", "d1");
  const confirmed = new Set<string>();
  const half = Promise.withResolvers<void>();
  const work = stores.flatMap((store, node) =>
    Array.from({ length: 4 }, (_, line) =>
      often(40, async (round) => {
        const key = `${node}-${line}-${round}`;
        await store.change(callback("t1", "a1", { type: "progress", message: key }), { key: { key } });
        confirmed.add(key);
        if (confirmed.size === 100) half.resolve();
      }),
    ),
  );
  await half.promise;
  await primary.stop("immediate");
  wire.redirect(replica.url());
  // It is not the primary yet: what cannot be written is refused as while the database is away.
  await assert.rejects(first.commandDone(1), StoreUnavailableError);
  await replica.promote();
  await Promise.all(work);
  const range = await first.range();
  for (const one of told) await one.assertConfirmed(range, confirmed);
});

test("a node that waits for a replica to be promoted holds no more connections to it than to a primary", async (context) => {
  const primary = await PostgresServer.start();
  const replica = await primary.replica();
  const wire = await Wire.to(primary.url());
  const store = await PostgresStore.open({ url: wire.url });
  const client = new pg.Client(replica.url());
  context.after(async () => {
    await store.close();
    await client.end();
    await wire.close();
    await Promise.all([primary.discard(), replica.discard()]);
  });
  await client.connect();
  const listening = async () => {
    const { rows } = await client.query(
      "SELECT count(*)::int AS count FROM pg_locks WHERE locktype = 'advisory' AND granted",
    );
    return rows[0]?.count as number;
  };
  await primary.stop("immediate");
  wire.redirect(replica.url());
  let most = 0;
  for (let look = 0; look < 40; look++, await wait(100)) most = Math.max(most, await listening());
  // One that is about to end may be seen beside the next one.
  assert.ok(most <= 2, `${most} connections that could not listen were left open`);
  await replica.promote();
  const told = new Told(store);
  await often(1, () => store.append([newEvent("gateway")]));
  await told.upTo(1);
  while ((await listening()) !== 1) await wait(20);
});
