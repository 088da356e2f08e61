import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { newEvent } from "../../test/conformance/engine.ts";
import { FakeOpenClawGateway } from "../../test/support/fake-openclaw-gateway.ts";
import { LapsingLeases } from "../../test/support/lapsing-leases.ts";
import { openTestStore } from "../../test/support/test-store.ts";
import { FencedError } from "../store/operations.ts";
import { GatewayEditor } from "./gateway-editor.ts";
import { GATEWAY_KINDS } from "./kinds.ts";
import { GatewayRegistry } from "./registry.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** Two nodes on one store, and a gateway that they may connect to. */
async function twoNodes(context: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "mission-control-nodes-"));
  const store = openTestStore({ folder });
  const fake = await FakeOpenClawGateway.listen();
  const leases = new LapsingLeases(store);
  const registries: GatewayRegistry[] = [];
  const routesChanges = new Map<GatewayRegistry, number>();
  for (const name of ["one", "two"]) {
    const registry = new GatewayRegistry({
      store: leases.node(),
      kinds: GATEWAY_KINDS,
      logger: silent,
      now: () => new Date(),
      identityDir: join(folder, name),
    });
    await registry.start({
      onRunEvent() {},
      onReachabilityChange() {},
      onRoutesChange: async () => void routesChanges.set(registry, (routesChanges.get(registry) ?? 0) + 1),
    });
    registries.push(registry);
  }
  context.after(async () => {
    for (const registry of registries) await registry.close();
    await fake.close();
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const [one, two] = registries as [GatewayRegistry, GatewayRegistry];
  const told = async () => {
    const { items } = await store.history(null, { types: ["gateway"] }, 100);
    return items.reverse().map(({ data }) => data?.state ?? data?.change);
  };
  const editorAt = (gateways: GatewayRegistry) =>
    new GatewayEditor({ store, gateways, now: () => new Date() });
  return { store, leases, fake, one, two, editorAt, told, routesChanges };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await nextTurn();
}

test("a gateway that is added, edited or removed at one node is opened and closed at the other", async (context) => {
  const { store, one, two, fake, editorAt } = await twoNodes(context);
  const { id } = await editorAt(one).create({ url: "ws://127.0.0.1:9", name: "first" });
  await two.caughtUp();
  assert.deepEqual(
    two.list().map(({ name }) => name),
    ["first"],
  );
  const target = { agentId: "a1", endpoint: { kind: "openclaw", gatewayId: id, agentId: "main" } } as const;
  const before = two.adapterFor(target);
  assert.ok(before);
  await store.edit("gateway", id, (current) => ({
    record: current && { ...current, url: fake.url },
    event: newEvent("gateway"),
  }));
  await two.caughtUp();
  assert.equal(two.list()[0]?.url, fake.url);
  assert.notEqual(two.adapterFor(target), before, "another address is another connection");
  assert.equal(await editorAt(two).remove(id), true);
  assert.equal(two.adapterFor(target), null);
  await one.caughtUp();
  assert.deepEqual(one.list(), []);
  assert.equal(one.adapterFor(target), null);
});

/** An agent behind the gateway. */
const agentOf = (gatewayId: string) =>
  ({ agentId: "a1", endpoint: { kind: "openclaw", gatewayId, agentId: "main" } }) as const;

/** The node that has the connection, and the other one, once what it was told has come to both. */
async function connectedNodes({ one, two, told }: Awaited<ReturnType<typeof twoNodes>>, id: string) {
  await until(async () => (await told()).includes("connected"));
  for (const node of [one, two]) await node.caughtUp();
  const [holder, other] = (await one.reachesHere(agentOf(id))) ? [one, two] : [two, one];
  return { holder, other };
}

test("one node at a time connects to a gateway; the other takes over, and the first can tell no more", async (context) => {
  const nodes = await twoNodes(context);
  const { leases, store, one, fake, told, routesChanges, editorAt } = nodes;
  const { id } = await editorAt(one).create({ url: fake.url, token: "shared" });
  const { holder, other } = await connectedNodes(nodes, id);
  assert.equal(fake.count("connect"), 1);
  assert.equal(await other.reachesHere(agentOf(id)), false);
  const { token, letKnow } = await leases.lapse(`gateway:${id}`);
  await until(async () => (await told()).filter((state) => state === "connected").length === 2);
  assert.equal(await other.reachesHere(agentOf(id)), true);
  assert.equal(fake.count("connect"), 2);
  await assert.rejects(store.append([], { under: token }), FencedError);
  const before = (await told()).length;
  const changes = routesChanges.get(holder) ?? 0;
  letKnow();
  await until(() => (routesChanges.get(holder) ?? 0) > changes);
  assert.equal(await holder.reachesHere(agentOf(id)), false);
  await holder.close();
  assert.deepEqual(
    (await told()).slice(before),
    [],
    "nothing of the first one's connection is told any more",
  );
});

test("a node without the connection shows it, and whom it reaches, as the one that has it does", async (context) => {
  const nodes = await twoNodes(context);
  const { one, fake, told, editorAt } = nodes;
  const { id } = await editorAt(one).create({ url: fake.url, token: "shared" });
  const { holder, other } = await connectedNodes(nodes, id);
  const view = (node: GatewayRegistry) => ({ ...node.list()[0], latencyMs: null });
  assert.equal(view(other).state, "connected");
  assert.deepEqual(view(other), view(holder));
  assert.deepEqual(other.reachability(agentOf(id)), { status: "online" });
  fake.on("connect", () => {});
  fake.cut();
  await until(async () => (await told()).at(-1) === "disconnected");
  await other.caughtUp();
  assert.equal(view(other).state, "disconnected");
  const { status, reason } = other.reachability(agentOf(id)) ?? {};
  assert.equal(status, "offline");
  assert.equal(reason, holder.reachability(agentOf(id))?.reason);
});

test("a node that is missed is told to be so once, and tells by itself that it is connected all the same", async (context) => {
  const nodes = await twoNodes(context);
  const { leases, one, fake, told, editorAt } = nodes;
  const { id } = await editorAt(one).create({ url: fake.url, token: "shared" });
  const { holder, other } = await connectedNodes(nodes, id);
  const before = (await told()).length;
  // However many notice it, and however often.
  leases.miss(`gateway:${id}`);
  leases.miss(`gateway:${id}`);
  await until(async () => (await told()).length === before + 2);
  assert.deepEqual((await told()).slice(before), ["connecting", "connected"]);
  for (const node of [holder, other]) await node.caughtUp();
  const view = (node: GatewayRegistry) => ({ ...node.list()[0], latencyMs: null });
  assert.deepEqual(view(other), view(holder));
  assert.deepEqual(other.reachability(agentOf(id)), { status: "online" });
  assert.equal(fake.count("connect"), 1);
});

test("a node without the connection lists a gateway's agents over one of its own", async (context) => {
  const nodes = await twoNodes(context);
  const { one, fake, editorAt } = nodes;
  fake.on("agents.list", ({ answer }) => answer({ agents: [{ id: "main" }], defaultId: "main" }));
  const { id } = await editorAt(one).create({ url: fake.url, token: "shared" });
  const { holder, other } = await connectedNodes(nodes, id);
  const signal = AbortSignal.timeout(10_000);
  const agents = [{ id: "main", default: true }];
  assert.deepEqual(await holder.agents(id, signal), agents);
  assert.deepEqual(await other.agents(id, signal), agents);
  assert.equal(await other.agents("gateway_none", signal), null);
});

test("a gateway that an agent was given at another node is not removed, however far a node has come", async (context) => {
  const { store, one, two, editorAt } = await twoNodes(context);
  const { id } = await editorAt(one).create({ url: "ws://127.0.0.1:9" });
  const at = new Date().toISOString();
  const { endpoint } = agentOf(id);
  const agent = { id: "a1", name: "Ada", capabilities: [], concurrency: 1, createdAt: at, updatedAt: at };
  const record = { ...agent, endpoint };
  const given = store.edit("agent", "a1", () => ({ record, event: newEvent("agent") }));
  await assert.rejects(editorAt(two).remove(id), /reached through it: move or delete Ada first/);
  await given;
  await store.edit("agent", "a1", () => ({ record: null, event: newEvent("agent") }));
  assert.equal(await editorAt(two).remove(id), true);
});
