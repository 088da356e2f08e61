import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { LogEvent } from "@mission-control/protocol";
import { LogConsumer } from "../../packages/server/src/relay/log-consumer.ts";
import { publishLog } from "../../packages/server/src/relay/log-publisher.ts";
import { parseNatsUrl } from "../../packages/server/src/relay/nats-address.ts";
import { NatsConnection } from "../../packages/server/src/relay/nats-connection.ts";
import { decodeMessage } from "../../packages/server/src/relay/relay-message.ts";
import { PostgresStore } from "../../packages/server/src/store/postgres/postgres-store.ts";
import { newEvent } from "../../packages/server/test/conformance/engine.ts";
import { ServerProcess } from "../../packages/server/test/support/server-process.ts";
import { StreamReader } from "../../packages/server/test/support/stream-reader.ts";
import { missingNats, NatsServer } from "./nats-server.ts";
import { PostgresServer } from "./postgres-server.ts";
import { Told } from "./told.ts";

const missing = missingNats();
const skip = missing.length > 0 && `${missing.join(", ")} is not here`;

/** A database that can be put back, and NATS; both go with the test. */
async function parts(context: TestContext) {
  const server = await PostgresServer.start();
  const nats = await NatsServer.start();
  const folder = mkdtempSync(join(tmpdir(), "mission-control-restored-"));
  chmodSync(folder, 0o777);
  context.after(async () => {
    await Promise.all([server.discard(), nats.discard()]);
    rmSync(folder, { recursive: true });
  });
  return { server, nats, folder };
}

const KEY = Buffer.alloc(32, 1);
const said = (message: string) => newEvent("activity", { message });

test("a publisher whose database's files were copied back under it has nothing believed of what is lost", {
  skip,
}, async (context) => {
  const { server, nats, folder } = await parts(context);
  const stop = new AbortController();
  const stores: PostgresStore[] = [];
  const connection = await NatsConnection.open(parseNatsUrl(nats.url));
  context.after(async () => {
    stop.abort();
    await connection.close();
    await Promise.all(stores.map((store) => store.close()));
  });
  const open = async () => {
    const store = await PostgresStore.open({ url: server.url() });
    stores.push(store);
    return store;
  };
  const before = await PostgresStore.open({ url: server.url() });
  await before.append([said("1"), said("2"), said("3")]);
  await before.close();
  await server.stop();
  server.copyFiles(folder);
  await server.start();

  const first = await open();
  const begun = Promise.withResolvers<void>();
  const publishing = publishLog(
    {
      connection,
      log: first.relayedLog,
      publishers: first.logPublishers,
      stream: "RESTORED",
      subject: "restored.log",
      replicas: 1,
      key: KEY,
      began: begun.resolve,
    },
    stop.signal,
  );
  const ended = publishing.catch(() => {});
  await begun.promise;
  await first.append([said("4, lost"), said("5, lost"), said("6, lost")]);
  for await (const data of connection.messages("RESTORED", stop.signal)) {
    if (decodeMessage(data, KEY)?.upTo === 6) break;
  }

  await server.stop();
  server.putBack(folder);
  await server.start();
  const second = await open();
  assert.equal((await second.range()).newest, 3, "nobody has noticed that it was put back");
  second.relayedLog.broughtBy({ brings: () => true });
  const told = new Told(second);
  const consumer = new LogConsumer({
    log: second.relayedLog,
    following: { begin: () => {}, reached: () => {}, leave: () => {} },
    stream: "RESTORED",
    key: KEY,
    failed: (error) => assert.fail(String(error)),
    foreign: () => {},
    againMs: 0,
  });
  const heard = Promise.withResolvers<void>();
  second.logPublishers.listen((session) => {
    consumer.trust(session);
    heard.resolve();
  });
  await Promise.race([ended, heard.promise]);
  const taken = Promise.withResolvers<void>();
  const running = consumer.run(
    {
      async *messages(stream, signal) {
        for await (const data of connection.messages(stream, signal)) {
          yield data;
          taken.resolve();
        }
      },
    },
    stop.signal,
  );
  await taken.promise;
  await second.append([said("4, anew")]);
  const messages = (await told.upTo(4)).map(({ frame }) => /"message":"([^"]*)"/.exec(frame)?.[1]);
  stop.abort();
  await running;
  assert.deepEqual(messages, ["1", "2", "3", "4, anew"]);
});

/** How a copy of the database is made, and started in its place. */
const COPIES = {
  "a backup": {
    make: (server: PostgresServer, folder: string) => server.backup(folder),
    start: (server: PostgresServer) => server.recover(),
  },
  "copied files": {
    make: async (server: PostgresServer, folder: string) => {
      await server.stop();
      server.copyFiles(folder);
      await server.start();
    },
    start: (server: PostgresServer) => server.start(),
  },
};

for (const [name, copy] of Object.entries(COPIES)) {
  test(
    `readers of servers with NATS whose database is put back from ${name} get a reset, and nothing that it does not hold`,
    {
      skip,
    },
    (context) => putBackUnderServers(context, copy),
  );
}

async function putBackUnderServers(context: TestContext, copy: (typeof COPIES)[keyof typeof COPIES]) {
  const { server, nats, folder } = await parts(context);
  const settings = { DATABASE_URL: server.url(), NATS_URL: nats.url };
  const nodes: ServerProcess[] = [];
  const readers: StreamReader[] = [];
  context.after(async () => {
    for (const reader of readers) reader.close();
    await Promise.all(nodes.map((node) => node.close()));
  });
  const addNode = async () => {
    const node = await ServerProcess.start(settings);
    nodes.push(node);
    return node;
  };
  const [one, two] = [await addNode(), await addNode()];
  const post = (title: string) => untilDone(() => one.call("POST", "/api/tasks", { title }));
  const history = () =>
    untilDone(() => two.call<{ items: LogEvent[] }>("GET", "/api/events/history?limit=500"));
  const newest = async () => (await history()).items[0]?.id ?? 0;
  /** Reads from an event on until another one came. */
  const read = async (node: ServerProcess, after: number, isLast: (id: number) => boolean) => {
    const headers = { Authorization: `Bearer ${node.token}` };
    const seen: StreamReader["events"] = [];
    while (!isLast(seen.at(-1)?.id ?? 0)) {
      const reader = await untilDone(() =>
        StreamReader.open(node.port, { after: seen.at(-1)?.id ?? after, headers }),
      );
      readers.push(reader);
      while (!reader.ended && !isLast(seen.at(-1)?.id ?? 0)) {
        seen.push(...reader.events.splice(0));
        await wait(10);
      }
      seen.push(...reader.events.splice(0));
      reader.close();
    }
    return seen;
  };
  await relayed(nodes, () => post("News"));
  await post("Kept");
  const kept = await newest();
  await copy.make(server, folder);
  for (let round = 0; round < 20; round++) await post("Lost");
  const lost = await newest();
  for (const node of nodes) await read(node, 0, (id) => id >= lost);
  const onward = nodes.map((node) => read(node, lost, (id) => id > lost + 1_000_000));

  await server.stop();
  server.putBack(folder);
  await copy.start(server);
  const fromBefore = nodes.map((node) => read(node, kept, (id) => id > lost + 1_000_000));
  // By a server that knows what was lost: one that does not would give ids anew where files say nothing.
  await post("After");
  const late = await addNode();
  for (const seen of await Promise.all(onward)) {
    assert.equal(seen[0]?.type, "reset");
    assert.ok(seen.every(({ id }) => id > lost));
  }
  for (const seen of await Promise.all(fromBefore)) assert.ok(seen.every(({ id }) => id > lost));
  await relayed(nodes, () => post("More"));
  const log = (await history()).items.reverse();
  assert.ok(
    log.every(({ id }) => id <= kept || id > lost),
    "no id was given twice",
  );
  const last = log.at(-1)?.id ?? 0;
  for (const node of [...nodes, late]) {
    const seen = await read(node, 0, (id) => id >= last);
    assert.deepEqual(
      seen.filter(({ type }) => type !== "reset").map(({ id, data }) => [id, data.message]),
      log.filter(({ id }) => id <= last).map(({ id, message }) => [id, message]),
    );
  }
}

/** Waits until one publishes and all others follow by NATS, with news to bring. */
async function relayed(nodes: readonly ServerProcess[], news: () => Promise<unknown>): Promise<void> {
  const shows = async (node: ServerProcess, name: string) => {
    const headers = { Authorization: `Bearer ${node.token}` };
    const text = await untilDone(async () => (await fetch(`${node.url}/metrics`, { headers })).text());
    return new RegExp(`^mission_control_nats_${name} 1$`, "m").test(text);
  };
  const count = async (name: string) =>
    (await Promise.all(nodes.map((node) => shows(node, name)))).filter(Boolean).length;
  do await news();
  while ((await count("publishing")) !== 1 || (await count("following")) !== nodes.length - 1);
}

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
