import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { Metrics } from "../../packages/server/src/metrics.ts";
import { LogConsumer } from "../../packages/server/src/relay/log-consumer.ts";
import { publishLog } from "../../packages/server/src/relay/log-publisher.ts";
import { LogRelay } from "../../packages/server/src/relay/log-relay.ts";
import { parseNatsUrl } from "../../packages/server/src/relay/nats-address.ts";
import { NatsConnection } from "../../packages/server/src/relay/nats-connection.ts";
import {
  decodeMessage,
  encodeMessage,
  type RelayMessage,
} from "../../packages/server/src/relay/relay-message.ts";
import type { LogRow } from "../../packages/server/src/store/log-row.ts";
import type { PostgresStore } from "../../packages/server/src/store/postgres/postgres-store.ts";
import { newEvent, register } from "../../packages/server/test/conformance/engine.ts";
import { missingNats, NatsServer } from "./nats-server.ts";
import { Place } from "./place.ts";
import { PostgresServer } from "./postgres-server.ts";
import { often, Told } from "./told.ts";
import { Wire } from "./wire.ts";

const missing = missingNats();
const skip = missing.length > 0 && `${missing.join(", ")} is not here`;
let database: PostgresServer;
let nats: NatsServer;

before(async () => {
  database = await PostgresServer.start();
  if (!skip) nats = await NatsServer.start();
});
after(async () => {
  await database.discard();
  if (!skip) await nats.discard();
});

let ids = 0;
const KEY = Buffer.alloc(32, 1);

/** A node whose log is relayed: its store, and what it shows. */
class Node {
  readonly store: PostgresStore;
  readonly lines: string[] = [];
  readonly #metrics = new Metrics();
  readonly #relay: LogRelay;

  static async open(place: Place, id: string, { url = nats.url, replicas = 1 } = {}): Promise<Node> {
    return new Node(await place.open(), id, url, replicas);
  }

  private constructor(store: PostgresStore, id: string, url: string, replicas: number) {
    this.store = store;
    const line = (_: object, message: string) => this.lines.push(message);
    const logger = { debug: line, info: line, warn: line, error: line };
    const { relayedLog: log, logPublishers: publishers } = store;
    const carried = { log, publishers, store, id, key: KEY, replicas };
    this.#relay = new LogRelay({ url, ...carried, metrics: this.#metrics, logger });
  }

  async shows(name: "connected" | "publishing" | "following" | "gap_reads_total"): Promise<number> {
    const text = await this.#metrics.text();
    return Number(new RegExp(`^mission_control_nats_${name} (\\d+)$`, "m").exec(text)?.[1]);
  }

  close(): Promise<void> {
    return this.#relay.close();
  }
}

async function nodes(context: TestContext, count: number, options: { url?: string; replicas?: number } = {}) {
  const place = await Place.make(database);
  const id = `test${++ids}`;
  const opened: Node[] = [];
  const add = async (more: { url?: string; replicas?: number } = {}) => {
    const node = await Node.open(place, id, { ...options, ...more });
    opened.push(node);
    return node;
  };
  context.after(async () => {
    await Promise.all(opened.map((node) => node.close()));
    await place.discard();
  });
  for (let index = 0; index < count; index++) await add();
  return { place, id, nodes: opened, add };
}

/** Waits until one publishes and all others follow by NATS, with an event now and then. @returns the one */
async function relayed(nodes: readonly Node[]): Promise<Node> {
  for (;;) {
    await nodes[0]?.store.append([newEvent("activity", { message: "news" })]);
    const publishing = await Promise.all(nodes.map((node) => node.shows("publishing")));
    const following = await Promise.all(nodes.map((node) => node.shows("following")));
    const publisher = nodes[publishing.indexOf(1)];
    const others = following.filter((value) => value === 1).length;
    if (publisher && others === nodes.length - 1) return publisher;
    await wait(20);
  }
}

/** A stream of the test's own making. */
function made(messages: readonly RelayMessage[]) {
  return {
    async *messages() {
      for (const message of messages) yield encodeMessage(message, KEY);
    },
  };
}

/** A node that reads nothing by itself, with so many events that another one wrote; and their rows. */
async function behind(context: TestContext, count: number) {
  const place = await Place.of(context, database);
  const [writer, reader] = [await place.open(), await place.open()];
  const log = reader.relayedLog;
  log.broughtBy({ brings: () => true });
  const told = new Told(reader);
  for (let index = 1; index <= count; index++) {
    await writer.append([newEvent("activity", { message: `0-0-${index}` })]);
  }
  const rows = await log.rows(0, count);
  const take = async (messages: readonly RelayMessage[]) => {
    const stop = new AbortController();
    const consumer = new LogConsumer({
      log,
      following: { begin: () => {}, reached: () => {}, leave: () => stop.abort() },
      stream: "made",
      key: KEY,
      failed: (error) => assert.fail(String(error)),
      foreign: () => {},
      againMs: 0,
    });
    consumer.trust("own");
    await consumer.run(made(messages), stop.signal);
    return { newest: log.newest, gapReads: consumer.gapReads };
  };
  const message = (session: string, from: number, to: number): RelayMessage => ({
    session,
    upTo: to,
    rows: rows.slice(from - 1, to),
  });
  return { writer, reader, log, told, rows, take, message };
}

test("what NATS brings on three nodes is one sequence, with nothing missing", {
  skip,
}, async (context) => {
  const { nodes: all } = await nodes(context, 3);
  const told = all.map(({ store }) => new Told(store));
  const publisher = await relayed(all);
  const gapsBefore = await Promise.all(all.map((node) => node.shows("gap_reads_total")));
  await register(publisher.store, "a1", 1);
  await Promise.all(
    all.flatMap(({ store }, node) =>
      Array.from({ length: 4 }, (_, line) =>
        often(60, (round) => store.append([newEvent("activity", { message: `${node}-${line}-${round}` })])),
      ),
    ),
  );
  const { newest } = await publisher.store.range();
  const sequences = await Promise.all(told.map((one) => one.upTo(newest)));
  for (const sequence of sequences) {
    assert.deepEqual(
      sequence.map(({ id }) => id),
      Array.from({ length: newest }, (_, index) => index + 1),
    );
    assert.deepEqual(
      sequence.map(({ frame, change }) => ({ frame, change })),
      sequences[0]?.map(({ frame, change }) => ({ frame, change })),
    );
  }
  // Where NATS was late, as it may be on a busy machine, some was read.
  const left = all.flatMap(({ lines }) => lines).includes("the log is followed by PostgreSQL now");
  if (!left) {
    const gaps = await Promise.all(all.map((node) => node.shows("gap_reads_total")));
    assert.deepEqual(gaps, gapsBefore);
  }
});

test("what the stream lacks is read from the database", { skip }, async (context) => {
  const { take, message, told } = await behind(context, 9);
  const { newest, gapReads } = await take([
    message("own", 1, 3),
    message("own", 6, 7),
    { ...message("own", 8, 8), rows: [], upTo: 9 },
  ]);
  assert.equal(newest, 9);
  assert.ok(gapReads > 0);
  await told.assertConfirmed(
    { newest: 9 },
    new Set(Array.from({ length: 9 }, (_, index) => `0-0-${index + 1}`)),
  );
});

test("what comes again, late or out of order is given to nobody twice", { skip }, async (context) => {
  const { take, message, rows, told } = await behind(context, 9);
  const again = await take([message("own", 1, 4), message("own", 2, 4), message("own", 1, 1)]);
  assert.equal(again.newest, 4, "an old message takes nothing back");
  const mixed = [6, 5, 5, 8, 7].map((id) => rows[id - 1] as LogRow);
  const { newest } = await take([
    message("own", 3, 4),
    { session: "own", upTo: 8, rows: mixed },
    message("own", 5, 5),
    message("own", 9, 9),
    message("own", 1, 9),
  ]);
  assert.equal(newest, 9);
  await told.assertConfirmed(
    { newest: 9 },
    new Set(Array.from({ length: 9 }, (_, index) => `0-0-${index + 1}`)),
  );
});

test("what comes from a publisher that was not announced in the database is left out, be it of a copy or of an earlier time", {
  skip,
}, async (context) => {
  const { take, message, rows, told } = await behind(context, 6);
  const others = rows.map((row): LogRow => ({ ...row, frame: row.frame.replace("0-0-", "9-9-") }));
  const { newest } = await take([
    message("own", 1, 2),
    // Up to here both logs are the same.
    message("other", 1, 2),
    { session: "other", upTo: 3, rows: others.slice(2, 3) },
    { session: "other", upTo: 5, rows: others.slice(3, 5) },
    message("own", 3, 6),
  ]);
  assert.equal(newest, 6);
  await told.assertConfirmed(
    { newest: 6 },
    new Set(Array.from({ length: 6 }, (_, index) => `0-0-${index + 1}`)),
  );
});

test("a database and its copy on one NATS each tell their own log", { skip }, async (context) => {
  const id = `copy${++ids}`;
  const places = [await Place.make(database), await Place.make(database)];
  const opened = await Promise.all(
    places.flatMap((place) => [Node.open(place, id), Node.open(place, id), Node.open(place, id)]),
  );
  context.after(async () => {
    await Promise.all(opened.map((node) => node.close()));
    await Promise.all(places.map((place) => place.discard()));
  });
  const told = opened.map(({ store }) => new Told(store));
  for (let round = 0; round < 100; round++) {
    for (const [log, node] of [opened[0], opened[3]].entries()) {
      await node?.store.append([newEvent("activity", { message: `${log}-0-${round}` })]);
    }
  }
  for (const [node, one] of told.entries()) {
    const log = node < 3 ? 0 : 1;
    const confirmed = new Set(Array.from({ length: 100 }, (_, round) => `${log}-0-${round}`));
    await one.assertConfirmed({ newest: 100 }, confirmed);
  }
});

test("what a publisher sends late, after another one has begun, the stream does not take", {
  skip,
}, async (context) => {
  const place = await Place.of(context, database);
  const store = await place.open();
  const log = store.relayedLog;
  await store.append([newEvent("activity", { message: "1" })]);
  const wire = await Wire.to(nats.url);
  const late = await NatsConnection.open(parseNatsUrl(wire.url));
  const direct = await NatsConnection.open(parseNatsUrl(nats.url));
  const stop = new AbortController();
  context.after(async () => {
    stop.abort();
    await Promise.all([late.close(), direct.close(), wire.close()]);
  });
  /** Publishes until the test is over; resolves once it has begun. */
  const publish = async (connection: NatsConnection) => {
    const begun = Promise.withResolvers<void>();
    const target = { stream: "LATE", subject: "late.log", replicas: 1, key: KEY, began: begun.resolve };
    const { logPublishers: publishers } = store;
    const ended = publishLog({ connection, log, publishers, ...target }, stop.signal);
    await Promise.race([begun.promise, ended]);
    ended.catch(() => {});
    return { ended };
  };
  const append = (message: string) => store.append([newEvent("activity", { message })]);
  const upTos: number[] = [];
  const reading = Promise.withResolvers<void>();
  const read = async () => {
    for await (const data of direct.messages("LATE", stop.signal)) {
      upTos.push(decodeMessage(data, KEY)?.upTo ?? 0);
      reading.resolve();
      if (upTos.at(-1) === 4) return;
    }
  };
  const first = await publish(late);
  const isRead = read();
  await Promise.race([reading.promise, isRead]);
  const held = wire.holdBack("to the database", "late.log");
  await append("2");
  const kept = await Promise.race([held, first.ended]);
  const second = await publish(direct);
  await append("3");
  while (!upTos.includes(3)) await wait(5);
  kept.release();
  await assert.rejects(first.ended);
  await append("4");
  await Promise.race([isRead, second.ended]);
  assert.deepEqual(upTos, [1, 2, 3, 4]);
});

test("while NATS is away each node reads for itself, and follows by NATS again when it is back", {
  skip,
}, async (context) => {
  const { nodes: all } = await nodes(context, 2);
  const told = all.map(({ store }) => new Told(store));
  await relayed(all);
  await nats.stop("SIGKILL");
  const writer = all[0] as Node;
  for (let round = 0; round < 50; round++) {
    await writer.store.append([newEvent("activity", { message: `0-1-${round}` })]);
  }
  const { newest } = await writer.store.range();
  for (const one of told) await one.upTo(newest);
  for (const node of all) assert.equal(await node.shows("following"), 0);
  await nats.start();
  await relayed(all);
  const last = (await writer.store.range()).newest;
  for (const one of told) {
    assert.deepEqual(
      (await one.upTo(last)).map(({ id }) => id),
      Array.from({ length: last }, (_, index) => index + 1),
    );
  }
  const lines = all.flatMap((node) => node.lines);
  assert.ok(lines.includes("the log is followed by PostgreSQL now"));
  assert.ok(lines.includes("the log is followed by NATS now"));
});

test("a node that starts late, with nothing in its memory, has the whole log and follows by NATS", {
  skip,
}, async (context) => {
  const { nodes: all, add } = await nodes(context, 2);
  await relayed(all);
  const writer = all[0] as Node;
  for (let round = 0; round < 30; round++) {
    await writer.store.append([newEvent("activity", { message: `0-0-${round}` })]);
  }
  const late = await add();
  const told = new Told(late.store);
  await relayed(all);
  const { newest } = await writer.store.range();
  assert.deepEqual(
    (await told.upTo(newest)).map(({ id }) => id),
    Array.from({ length: newest }, (_, index) => index + 1),
  );
});

test("three servers of NATS keep the stream, and one of them may go", { skip }, async (context) => {
  const cluster = await NatsServer.cluster(3);
  context.after(() => Promise.all(cluster.map((server) => server.discard())));
  const url = cluster.map((server) => server.url).join(",");
  const { nodes: all } = await nodes(context, 3, { url, replicas: 3 });
  const told = all.map(({ store }) => new Told(store));
  await relayed(all);
  const writers = Promise.all(
    all.map(({ store }, node) =>
      often(200, async (round) => {
        await store.append([newEvent("activity", { message: `${node}-0-${round}` })]);
      }),
    ),
  );
  for (const server of cluster) {
    await server.stop("SIGKILL");
    await relayed(all);
    await server.start();
  }
  await writers;
  await relayed(all);
  const newest = (await all[0]?.store.range())?.newest ?? 0;
  for (const one of told) {
    assert.deepEqual(
      (await one.upTo(newest)).map(({ id }) => id),
      Array.from({ length: newest }, (_, index) => index + 1),
    );
  }
});
