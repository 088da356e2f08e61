import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { AgentView, GatewayView, LogEvent } from "@mission-control/protocol";
import { FakeOpenClawGateway } from "../../packages/server/test/support/fake-openclaw-gateway.ts";
import { ServerProcess } from "../../packages/server/test/support/server-process.ts";
import { Place } from "./place.ts";
import { PostgresServer } from "./postgres-server.ts";

let database: PostgresServer;

before(async () => {
  database = await PostgresServer.start();
});
after(() => database.discard());

/** For so long the lease of the one that was killed is kept from running out; a node looks at it every second. */
const LOOKED_AT_MS = 30_000;

test("a gateway whose node was killed is shown as connected by no other, also before one takes over", async (context) => {
  const place = await Place.make(database);
  const gateway = await FakeOpenClawGateway.listen();
  const nodes: ServerProcess[] = [];
  context.after(async () => {
    await Promise.all(nodes.map((node) => node.close()));
    await gateway.close();
    await place.discard();
  });
  const addNode = async () => {
    const node = await ServerProcess.start({ DATABASE_URL: place.url });
    nodes.push(node);
    return node;
  };
  const shown = async (node: ServerProcess) => {
    const { items } = await node.call<{ items: GatewayView[] }>("GET", "/api/gateways");
    return items[0] ?? assert.fail();
  };
  const first = await addNode();
  const { id } = await first.call<GatewayView>("POST", "/api/gateways", {
    url: gateway.url,
    token: "shared",
  });
  while ((await shown(first)).state !== "connected") await wait(20);
  const other = await addNode();
  const endpoint = { kind: "openclaw", gatewayId: id, agentId: "main" };
  const agent = await other.call<AgentView>("POST", "/api/agents", { name: "Ada", endpoint });
  assert.equal((await shown(other)).state, "connected");
  assert.equal(agent.status, "online");
  const told = async () => {
    const { items } = await other.call<{ items: LogEvent[] }>("GET", "/api/events/history?types=gateway");
    return items.reverse().map(({ data }) => data.state ?? data.change);
  };
  const before = await told();
  const stillHeld = () =>
    place.query(
      `UPDATE leases SET expires_at = clock_timestamp() + interval '1 second' WHERE name = 'gateway:${id}'`,
    );
  await first.end("SIGKILL");
  const killed = performance.now();
  // Nobody renews the lease, and it does not run out yet.
  while ((await shown(other)).state === "connected") {
    assert.ok(performance.now() - killed < LOOKED_AT_MS, "what a node that is no more said is shown still");
    await stillHeld();
    await wait(100);
  }
  await stillHeld();
  const { state, lastError, connectedAt } = await shown(other);
  assert.deepEqual({ state, connectedAt }, { state: "connecting", connectedAt: null });
  assert.match(lastError ?? "", /has not been heard of/);
  const { status, statusReason } = await other.call<AgentView>("GET", `/api/agents/${agent.id}`);
  assert.deepEqual({ status, statusReason }, { status: "unknown", statusReason: lastError });
  assert.deepEqual(await told(), [...before, "connecting"]);
  assert.equal(gateway.count("connect"), 1);
  while ((await told()).at(-1) !== "connected") await wait(20);
  assert.deepEqual(await told(), [...before, "connecting", "connecting", "connected"]);
  assert.equal((await shown(other)).state, "connected");
  assert.equal((await other.call<AgentView>("GET", `/api/agents/${agent.id}`)).status, "online");
  assert.equal(gateway.count("connect"), 2);
});
