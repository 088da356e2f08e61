import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { LogEvent } from "@mission-control/protocol";
import { ServerProcess } from "../../packages/server/test/support/server-process.ts";
import { StreamReader } from "../../packages/server/test/support/stream-reader.ts";
import { missingNats, NatsServer } from "./nats-server.ts";
import { PostgresServer } from "./postgres-server.ts";

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

test("readers of servers with NATS whose database is put back from a backup get a reset, and nothing that it does not hold", {
  skip,
}, async (context) => {
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
  await server.backup(folder);
  for (let round = 0; round < 20; round++) await post("Lost");
  const lost = await newest();
  for (const node of nodes) await read(node, 0, (id) => id >= lost);
  const onward = nodes.map((node) => read(node, lost, (id) => id > lost + 1_000_000));

  await server.stop();
  server.putBack(folder);
  await server.recover();
  const fromBefore = nodes.map((node) => read(node, kept, (id) => id > lost + 1_000_000));
  const late = await addNode();
  await post("After");
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
});

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
