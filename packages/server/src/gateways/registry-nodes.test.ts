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
import { FencedError } from "../store/plan.ts";
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
  for (const name of ["one", "two"]) {
    const registry = new GatewayRegistry({
      store: leases.node(),
      kinds: GATEWAY_KINDS,
      logger: silent,
      now: () => new Date(),
      identityDir: join(folder, name),
    });
    await registry.start({ onRunEvent() {}, onReachabilityChange() {} });
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
  return { store, leases, fake, one, two, told };
}

const stateAt = (registry: GatewayRegistry) => registry.list()[0]?.state;

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await nextTurn();
}

test("a gateway that is added, edited or removed at one node is opened and closed at the other", async (context) => {
  const { store, one, two, fake } = await twoNodes(context);
  const { id } = await one.create({ url: "ws://127.0.0.1:9", name: "first" });
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
  assert.equal(await two.remove(id, []), true);
  assert.equal(two.adapterFor(target), null);
  await one.caughtUp();
  assert.deepEqual(one.list(), []);
  assert.equal(one.adapterFor(target), null);
});

test("one node at a time connects to a gateway; the other takes over, and the first can tell no more", async (context) => {
  const { leases, store, one, two, fake, told } = await twoNodes(context);
  const { id } = await one.create({ url: fake.url, token: "shared" });
  await until(() => [one, two].some((node) => stateAt(node) === "connected"));
  const [holder, other] = stateAt(one) === "connected" ? [one, two] : [two, one];
  await until(async () => (await told()).includes("connected"));
  await other.caughtUp();
  assert.equal(fake.count("connect"), 1);
  assert.equal(stateAt(other), "disconnected");
  const { token, letKnow } = await leases.lapse(`gateway:${id}`);
  await until(() => stateAt(other) === "connected");
  assert.equal(fake.count("connect"), 2);
  await assert.rejects(store.append([], { under: token }), FencedError);
  const before = (await told()).length;
  letKnow();
  await until(() => stateAt(holder) === "disconnected");
  assert.deepEqual(
    (await told()).slice(before),
    [],
    "nothing of the first one's connection is told any more",
  );
});
