import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { run } from "../../packages/cli/test/command-line.ts";
import { checkLog } from "../../packages/server/test/support/log-check.ts";
import { sending } from "../../packages/server/test/support/sending.ts";
import {
  AgentDouble,
  dispatchTasks,
  ServerProcess,
} from "../../packages/server/test/support/server-process.ts";
import { StreamFollower } from "../../packages/server/test/support/stream-follower.ts";
import { missingNats, NatsServer } from "./nats-server.ts";
import { Place } from "./place.ts";
import { PostgresServer } from "./postgres-server.ts";
import { sentTo } from "./sent-to.ts";
import { Wire } from "./wire.ts";

const missing = missingNats();
const skip = missing.length > 0 && `${missing.join(", ")} is not here`;
const PASSWORD = "hush-hush";
let database: PostgresServer;
let nats: NatsServer;

before(async () => {
  database = await PostgresServer.start();
  if (!skip) nats = await NatsServer.start(`authorization { user: mission, password: "${PASSWORD}" }`);
});
after(async () => {
  await database.discard();
  if (!skip) await nats.discard();
});

/** `NATS_URL` of a user that NATS knows. */
function asUser(url: string): string {
  return url.replace("nats://", `nats://mission:${PASSWORD}@`);
}

/** Servers on one empty database and NATS, the second by wires that can be cut; all of it goes with the test. */
async function servers(context: TestContext, count: number) {
  const place = await Place.make(database);
  const agent = await AgentDouble.start();
  const toDatabase = await Wire.to(place.url);
  const toNats = await Wire.to(asUser(nats.url));
  const nodes: ServerProcess[] = [];
  const addNode = async () => {
    const isSecond = nodes.length === 1;
    const node = await ServerProcess.start({
      DATABASE_URL: isSecond ? toDatabase.url : place.url,
      NATS_URL: isSecond ? toNats.url : asUser(nats.url),
      MISSION_CONTROL_LIMIT_CALLBACKS_PER_DISPATCH: "0",
      MISSION_CONTROL_LIMIT_CALLBACKS_PER_ADDRESS: "0",
      MISSION_CONTROL_LOG_LEVEL: "info",
    });
    nodes.push(node);
    return node;
  };
  context.after(async () => {
    await Promise.all(nodes.map((node) => node.close()));
    await Promise.all([agent.close(), toDatabase.close(), toNats.close()]);
    await place.discard();
  });
  for (let index = 0; index < count; index++) await addNode();
  return { nodes, agent, toDatabase, toNats, addNode };
}

/** What a server's metrics say of NATS. */
async function shows(node: ServerProcess) {
  const response = await fetch(`${node.url}/metrics`, { headers: { Authorization: `Bearer ${node.token}` } });
  const text = await response.text();
  const value = (name: string) =>
    Number(new RegExp(`^mission_control_nats_${name} (\\d+)$`, "m").exec(text)?.[1]);
  return { connected: value("connected"), publishing: value("publishing"), following: value("following") };
}

/** Waits until one publishes and the others follow by NATS, with news to bring. @returns the one */
async function relayed(nodes: readonly ServerProcess[]): Promise<ServerProcess> {
  for (;;) {
    await nodes[0]?.call("POST", "/api/tasks", { title: "News" });
    const all = await Promise.all(nodes.map(shows));
    const publisher = nodes[all.findIndex(({ publishing }) => publishing === 1)];
    if (publisher && all.filter(({ following }) => following === 1).length === nodes.length - 1) {
      return publisher;
    }
    await wait(20);
  }
}

async function deleteStreams(): Promise<void> {
  const connection = await connect({ servers: nats.url, user: "mission", pass: PASSWORD });
  const { streams } = await jetstreamManager(connection);
  for await (const { config } of streams.list()) await streams.delete(config.name);
  await connection.close();
}

/** How many callbacks are sent while things break; CLUSTER_CALLBACKS asks for more. */
const CALLBACKS = Number(process.env.CLUSTER_CALLBACKS ?? 300);
/** How often everything breaks once. */
const ROUNDS = Math.min(10, Math.ceil(CALLBACKS / 300));

test("NATS that is killed, cut off, loses its stream or its publisher under load loses nothing, and all readers see one sequence", {
  skip,
}, async (context) => {
  const { nodes, agent, toDatabase, toNats, addNode } = await servers(context, 3);
  const [one, two, three] = nodes as [ServerProcess, ServerProcess, ServerProcess];
  const payloads = await dispatchTasks(one, agent, 6);
  await agent.receives(6);
  await relayed(nodes);
  const followers = nodes.map((node) => new StreamFollower(node.port, node.token));
  context.after(() => Promise.all(followers.map((follower) => follower.close())));
  const spread = payloads.map((payload, index) => sentTo(nodes[index % 3] as ServerProcess, payload));
  const { senders, answered, end } = sending(context, spread);
  let publisher = one;
  const faults = [
    () => nats.stop("SIGKILL"),
    () => nats.start(),
    async () => toNats.cut(),
    () => deleteStreams(),
    async () => {
      publisher = await relayed(nodes);
      publisher.signal("SIGSTOP");
    },
    // Long enough for another one to publish, or not: it makes no difference.
    async () => publisher.signal("SIGCONT"),
    async () => toDatabase.cut(),
    () => three.end("SIGKILL").then(() => three.restart()),
    () => database.restart("immediate"),
  ];
  for (let round = 0; round < ROUNDS; round++) {
    for (const fault of faults) {
      await answered(Math.ceil(CALLBACKS / ROUNDS / faults.length));
      await fault();
    }
  }
  await answered(6);
  const late = await addNode();
  followers.push(new StreamFollower(late.port, late.token));
  await answered(6);
  await end();
  await relayed(nodes);
  const ids = await checkLog(two, senders);
  assert.ok(ids.length > CALLBACKS);
  for (const follower of followers) {
    await follower.until(ids.length);
    assert.deepEqual(follower.ids, ids);
  }
});

test("when the node that publishes hangs, another one publishes, and what the first then sends late does no harm", {
  skip,
}, async (context) => {
  const { nodes } = await servers(context, 3);
  const first = await relayed(nodes);
  const others = nodes.filter((node) => node !== first);
  const followers = nodes.map((node) => new StreamFollower(node.port, node.token));
  context.after(() => Promise.all(followers.map((follower) => follower.close())));
  first.signal("SIGSTOP");
  const second = await relayed(others);
  assert.notEqual(second, first);
  first.signal("SIGCONT");
  assert.equal(await relayed(nodes), second, "who publishes goes on");
  const { items } = await second.call<{ items: { id: number }[] }>("GET", "/api/events/history?limit=1");
  const newest = items[0]?.id ?? 0;
  for (const follower of followers) {
    await follower.until(newest);
    assert.deepEqual(
      follower.ids.slice(0, newest),
      Array.from({ length: newest }, (_, index) => index + 1),
    );
  }
});

test("a server is ready without NATS, and its log and doctor say what is wrong, without who it is there", {
  skip,
}, async (context) => {
  const { nodes } = await servers(context, 2);
  const [one, two] = nodes as [ServerProcess, ServerProcess];
  await relayed(nodes);
  const doctor = (node: ServerProcess) =>
    run(["doctor", "--url", node.url, "--token", node.token], { MISSION_CONTROL_DATA_DIR: node.folder });
  assert.match((await doctor(one)).stdout, /^ok {4}NATS: (this server publishes the events|it brings the)/m);
  await nats.stop();
  try {
    while ((await shows(one)).connected === 1 || (await shows(two)).connected === 1) await wait(20);
    assert.equal((await fetch(`${one.url}/readyz`)).status, 200);
    const { code, stdout } = await doctor(one);
    assert.equal(code, 1);
    assert.match(stdout, /^FAIL {2}NATS: .* reads events from PostgreSQL meanwhile/m);
    const reader = new StreamFollower(two.port, two.token);
    context.after(() => reader.close());
    await one.call("POST", "/api/tasks", { title: "Without NATS" });
    const { items } = await one.call<{ items: { id: number }[] }>("GET", "/api/events/history?limit=1");
    await reader.until(items[0]?.id ?? assert.fail());
  } finally {
    await nats.start();
  }
  await relayed(nodes);
  const logs = await Promise.all(nodes.map(async (node) => (await node.end("SIGTERM")).stderr));
  const both = logs.join("");
  assert.match(both, /NATS cannot be used for now/);
  assert.match(both, /NATS can be used again/);
  assert.match(both, /the log is followed by PostgreSQL now/);
  assert.doesNotMatch(both, new RegExp(PASSWORD));
});

test("NATS that hangs is not waited for: events come all the same, and a server stops in order", {
  skip,
}, async (context) => {
  const { nodes } = await servers(context, 2);
  const [one, two] = nodes as [ServerProcess, ServerProcess];
  const publisher = await relayed(nodes);
  const reader = new StreamFollower(two.port, two.token);
  context.after(() => reader.close());
  nats.signal("SIGSTOP");
  try {
    await one.call("POST", "/api/tasks", { title: "While NATS hangs" });
    const { items } = await one.call<{ items: { id: number }[] }>("GET", "/api/events/history?limit=1");
    await reader.until(items[0]?.id ?? assert.fail());
    assert.equal((await publisher.end("SIGTERM")).code, 0);
  } finally {
    nats.signal("SIGCONT");
  }
});

test("a server that NATS does not let in works without it, and does not tell its password", {
  skip,
}, async (context) => {
  const place = await Place.make(database);
  const node = await ServerProcess.start({
    DATABASE_URL: place.url,
    NATS_URL: nats.url.replace("nats://", "nats://mission:not-the-password@"),
    MISSION_CONTROL_LOG_LEVEL: "debug",
  });
  context.after(async () => {
    await node.close();
    await place.discard();
  });
  await node.call("POST", "/api/tasks", { title: "Without NATS" });
  assert.equal((await fetch(`${node.url}/readyz`)).status, 200);
  while (!/NATS cannot be used for now/.test(node.stderr)) await wait(20);
  const { stderr } = await node.end("SIGTERM");
  assert.match(stderr, /Authorization Violation/i);
  assert.doesNotMatch(stderr, /not-the-password/);
});
