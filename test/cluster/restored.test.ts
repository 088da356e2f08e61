import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import {
  PostgresStore,
  type PostgresStoreOptions,
} from "../../packages/server/src/store/postgres/postgres-store.ts";
import { newEvent } from "../../packages/server/test/conformance/engine.ts";
import {
  AgentDouble,
  dispatchTasks,
  ServerProcess,
} from "../../packages/server/test/support/server-process.ts";
import { StreamFollower } from "../../packages/server/test/support/stream-follower.ts";
import { StreamServer } from "../../packages/server/test/support/stream-server.ts";
import { installDebian } from "./debian.ts";
import { PostgresServer } from "./postgres-server.ts";
import { Told } from "./told.ts";
import { Wire } from "./wire.ts";

/** Any id above this was not given because it was the next one. */
const LEFT_OUT = 1_000_000;

/** A database, the copies that are made of it, and how it is reached; all of it goes with the test. */
async function database(context: TestContext, programs?: string) {
  const server = await PostgresServer.start(programs === undefined ? {} : { programs });
  const servers = [server];
  const stores: PostgresStore[] = [];
  context.after(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await Promise.all(servers.map((one) => one.discard()));
  });
  const open = async (url = server.url(), options: Omit<PostgresStoreOptions, "url"> = {}) => {
    const store = await PostgresStore.open({ ...options, url });
    stores.push(store);
    return store;
  };
  /** Writes events as a node that is there for that alone. Resolves to the newest id. */
  const write = async (
    count: number,
    url = server.url(),
    options: Omit<PostgresStoreOptions, "url"> = {},
  ) => {
    const store = await PostgresStore.open({ ...options, url });
    const id = await store.append(Array.from({ length: count }, () => newEvent("activity")));
    await store.close();
    return id ?? assert.fail();
  };
  return { server, servers, open, write };
}

function newFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "mission-control-restored-"));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("a replica that is promoted without the last events leaves out their ids, and a reader of them gets a reset", async (context) => {
  const { server, servers, open, write } = await database(context);
  await write(10);
  const replica = await server.replica({ isSynchronous: false });
  servers.push(replica);
  await replica.stop();
  assert.equal(await write(10), 20);
  await server.stop("immediate");
  await replica.start();
  await replica.promote();
  const store = await open(replica.url());
  const stream = await StreamServer.open({ seenAs: () => store });
  context.after(() => stream.close());
  const { newest, gaps } = await store.range();
  assert.ok(newest > LEFT_OUT);
  assert.deepEqual(gaps, [{ from: 11, to: newest }]);
  const reader = (after: number) => stream.reader({ after });
  const [old, lost, current] = [await reader(5), await reader(15), await reader(newest)];
  await Promise.all([old, lost, current].map((reader) => reader.opened()));
  const filtered = await stream.reader({ after: 8, filter: { types: ["activity"] } });
  const all = [old, lost, current, filtered];
  await store.append([newEvent("activity")]);
  await Promise.all(all.map((reader) => reader.until(() => reader.lastId > newest)));
  assert.deepEqual(old.ids, [6, 7, 8, 9, 10, newest + 1]);
  assert.deepEqual(filtered.ids, [9, 10, newest + 1]);
  assert.deepEqual(current.ids, [newest + 1]);
  assert.deepEqual(lost.events[0], { id: newest, type: "reset", data: { oldest: 1, newest } });
  assert.deepEqual(lost.ids, [newest, newest + 1]);
  assert.equal(await write(1, replica.url()), newest + 2, "a later start leaves nothing out");
});

test("a backup that is recovered leaves out the ids that were given since, once", async (context) => {
  const { server, write } = await database(context);
  await write(10);
  const folder = newFolder(context);
  await server.backup(folder);
  assert.equal(await write(10), 20);
  await server.stop();
  server.putBack(folder);
  await server.recover();
  const first = await write(1);
  assert.ok(first > LEFT_OUT);
  await server.restart();
  assert.equal(await write(1), first + 1);
});

test("files that were copied back as they were are known by the mark of a node, and else when somebody says so", async (context) => {
  const { server, write } = await database(context);
  const [kept, copy] = [newFolder(context), newFolder(context)];
  await write(10, server.url(), { folder: kept });
  await server.stop();
  server.copyFiles(copy);
  await server.start();
  assert.equal(await write(10, server.url(), { folder: kept }), 20);
  const putBack = async () => {
    await server.stop();
    server.putBack(copy);
    await server.start();
  };
  await putBack();
  assert.ok((await write(1, server.url(), { folder: kept })) > LEFT_OUT);
  await putBack();
  assert.equal(await write(1), 11, "of a node that has seen nothing, nobody learns it");
  await putBack();
  const client = new pg.Client(server.url());
  await client.connect();
  await client.query("UPDATE log_place SET place = 'put back'");
  await client.end();
  assert.ok((await write(1)) > LEFT_OUT);
});

test("the mark of another database says nothing of this one", async (context) => {
  const { server, write } = await database(context);
  const folder = newFolder(context);
  await write(10, server.url(), { folder });
  const client = new pg.Client(server.url());
  await client.connect();
  await client.query("CREATE SCHEMA other");
  await client.end();
  assert.equal(await write(1, server.url("other"), { folder }), 1);
});

test("a dump that is read in leaves out the ids that were given since, also in the same database", async (context) => {
  const missing = installDebian({ pg_dump: "postgresql" });
  const programs = globSync("/usr/lib/postgresql/*/bin").at(-1);
  if (missing.length > 0 || programs === undefined) return context.skip("There is no pg_dump here.");
  const { server, write } = await database(context, programs);
  const file = join(newFolder(context), "dump");
  chmodSync(dirname(file), 0o777);
  await write(10);
  const run = (name: string, ...args: string[]) =>
    execFileSync(join(programs, name), args, { stdio: "pipe" });
  run("pg_dump", "--format=custom", `--file=${file}`, server.url());
  assert.equal(await write(10), 20);
  run("createdb", `--maintenance-db=${server.url()}`, "other");
  run("pg_restore", `--dbname=${server.url(undefined, "other")}`, file);
  assert.ok((await write(1, server.url(undefined, "other"))) > LEFT_OUT);
  run("pg_restore", "--clean", `--dbname=${server.url()}`, file);
  const first = await write(1);
  assert.ok(first > LEFT_OUT);
  assert.equal(await write(1), first + 1);
});

test("of several nodes that come at once to a database that was put back, one leaves the ids out", async (context) => {
  const { server, write, open } = await database(context);
  await write(10);
  const folder = newFolder(context);
  await server.backup(folder);
  await write(10);
  await server.stop();
  server.putBack(folder);
  await server.recover();
  const stores = await Promise.all(Array.from({ length: 5 }, () => open()));
  await Promise.all(stores.map((store) => store.append([newEvent("activity")])));
  const ranges = await Promise.all(stores.map((store) => store.range()));
  assert.equal(ranges[0]?.gaps?.length, 1);
  for (const range of ranges) assert.deepEqual(range, ranges[0]);
});

test("a node goes on over a failover that lost nothing, and begins anew after one that lost what it has told of", async (context) => {
  const { server, servers, open } = await database(context);
  const wire = await Wire.to(server.url());
  context.after(() => wire.close());
  const putBack = Promise.withResolvers<void>();
  const store = await open(wire.url, { putBack: putBack.resolve });
  const told = new Told(store);
  await store.append([newEvent("activity")]);
  const lossless = await server.replica();
  servers.push(lossless);
  await store.append([newEvent("activity")]);
  await server.stop("immediate");
  wire.redirect(lossless.url());
  await lossless.promote();
  const third = (await untilDone(() => store.append([newEvent("activity")]))) ?? 0;
  assert.ok(third > LEFT_OUT);
  assert.deepEqual(
    (await told.upTo(third)).map(({ id }) => id),
    [1, 2, third],
  );

  const older = await lossless.replica({ isSynchronous: false });
  servers.push(older);
  await older.stop();
  const lost = (await store.append([newEvent("activity")])) ?? 0;
  await lossless.stop("immediate");
  await older.start();
  await older.promote();
  wire.redirect(older.url());
  await putBack.promise;
  await untilDone(() => store.append([newEvent("activity")]));
  const { gaps } = await store.range();
  assert.ok(gaps?.some(({ from, to }) => from <= lost && lost < to));
  assert.equal(told.entries.at(-1)?.id, lost, "it tells of nothing that would follow on what is no more");
});

test("servers begin anew when a replica without their last events was promoted, and their readers get a reset", async (context) => {
  const { server, servers } = await database(context);
  const agent = await AgentDouble.start();
  const wire = await Wire.to(server.url());
  const node = await ServerProcess.start({ DATABASE_URL: wire.url });
  context.after(async () => {
    await node.close();
    await Promise.all([agent.close(), wire.close()]);
  });
  const replica = await server.replica({ isSynchronous: false });
  servers.push(replica);
  await replica.stop();
  await dispatchTasks(node, agent, 1);
  await agent.receives(1);
  const follower = new StreamFollower(node.port, node.token);
  context.after(() => follower.close());
  await follower.until((await node.call<{ lastEventId: number }>("GET", "/api/tasks")).lastEventId);
  const seen = follower.ids.at(-1) ?? 0;
  await server.stop("immediate");
  await replica.start();
  await replica.promote();
  wire.redirect(replica.url());
  const { id } = await untilDone(() => node.call<{ id: string }>("POST", "/api/tasks", { title: "After" }));
  const { items } = await untilDone(() => node.call<{ items: { id: string }[] }>("GET", "/api/tasks"));
  assert.deepEqual(
    items.map((task) => task.id),
    [id],
    "what was lost is not there",
  );
  await follower.until(LEFT_OUT);
  assert.equal(follower.types[follower.ids.findIndex((one) => one > seen)], "reset");
});

/** Tries until it is done. */
async function untilDone<Result>(work: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await work();
    } catch {
      await wait(50);
    }
  }
}
