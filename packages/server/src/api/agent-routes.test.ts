import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { agentSchema, gatewaySchema, gatewayTestSchema } from "@mission-control/protocol";
import { type HttpFixture, startHttp } from "../../test/http-fixture.ts";
import { GatewayInUseError } from "../gateways/gateway-editor.ts";
import { testConnection } from "../gateways/openclaw/test-connection.ts";
import type { Store } from "../store/store.ts";

let http: HttpFixture;
const gateway = gatewaySchema.parse({
  id: "gateway_1",
  name: "local",
  kind: "openclaw",
  url: "ws://127.0.0.1:18789",
  state: "connecting",
  protocol: null,
  version: null,
  latencyMs: null,
  lastError: null,
  deviceId: null,
  connectedAt: null,
  createdAt: "2026-11-23T10:00:00.000Z",
});

const identityDir = mkdtempSync(join(tmpdir(), "mission-control-identity-"));

before(async () => {
  http = await startHttp({
    gateways: {
      caughtUp: async () => {},
      list: () => [gateway],
      test: ({ url }, signal) => testConnection({ url, identityDir }, signal),
      agents: async (id) => {
        if (id === "gateway_down") throw new Error("the connection is closed");
        return id === gateway.id ? [{ id: "main", default: true }] : null;
      },
    },
    gatewayEditor: {
      create: async ({ url }) => ({ ...gateway, url }),
      remove: async (id) => {
        if (id === "gateway_used") throw new GatewayInUseError("in use");
        return id === gateway.id;
      },
    },
  });
});
after(async () => {
  await http.close();
  rmSync(identityDir, { recursive: true });
});

const endpoint = { kind: "http", url: "http://127.0.0.1:9/agent" };

test("an HTTP agent's secret is shown once", async () => {
  const created = await http.call("POST", "/api/agents", { name: "builder", endpoint });
  assert.equal(created.status, 201);
  const { secret, ...agent } = created.body;
  assert.match(secret, /^whsec_/);
  assert.deepEqual(agentSchema.parse(agent), agent);
  assert.equal(agent.concurrency, 1);
  const read = await http.call("GET", `/api/agents/${agent.id}`);
  assert.deepEqual(read.body, agent);
  const list = await http.call("GET", "/api/agents");
  assert.ok(!JSON.stringify(list.body).includes(secret));
  assert.ok(list.body.items.some((item: { id: string }) => item.id === agent.id));
});

test("an agent behind a gateway has no secret", async () => {
  const created = await http.call("POST", "/api/agents", {
    name: "claw",
    capabilities: ["code"],
    endpoint: { kind: "openclaw", agentId: "main" },
  });
  assert.equal(created.status, 201);
  assert.ok(!("secret" in created.body));
});

test("wrong agents are refused", async () => {
  for (const body of [
    { name: "x" },
    { name: "x", endpoint: { kind: "carrier-pigeon" } },
    { name: "x", endpoint: { kind: "http", url: "ftp://127.0.0.1/" } },
    { name: "x", endpoint, concurrency: 0 },
    { name: "", endpoint },
    [],
    null,
  ]) {
    assert.equal((await http.call("POST", "/api/agents", body)).status, 400, JSON.stringify(body));
  }
});

test("an agent that becomes an HTTP agent shows its secret then, once", async () => {
  const behind = { name: "moved", endpoint: { kind: "openclaw", agentId: "main" } };
  const { id } = (await http.call("POST", "/api/agents", behind)).body;
  const moved = await http.call("PATCH", `/api/agents/${id}`, { endpoint });
  assert.match(moved.body.secret, /^whsec_/);
  assert.ok(!("secret" in (await http.call("PATCH", `/api/agents/${id}`, { name: "again" })).body));
});

test("an agent's secret is replaced: the new one is shown once, and the old one signs beside it for a while", async () => {
  const created = (await http.call("POST", "/api/agents", { name: "rotated", endpoint })).body;
  const path = `/api/agents/${created.id}`;
  const rotated = await http.call("POST", `${path}/rotate`, { overlapSeconds: 60 });
  assert.equal(rotated.status, 200);
  assert.match(rotated.body.secret, /^whsec_/);
  assert.notEqual(rotated.body.secret, created.secret);
  const until = new Date(http.clock.now().getTime() + 60_000).toISOString();
  assert.equal(rotated.body.previousSecretUntil, until);
  const kept = await http.store.record("agent", created.id);
  assert.equal(kept?.secret, rotated.body.secret);
  assert.deepEqual(kept?.previousSecret, { secret: created.secret, until });
  const shown = JSON.stringify((await http.call("GET", path)).body);
  for (const secret of [created.secret, rotated.body.secret]) assert.ok(!shown.includes(secret));
  http.clock.advance(60_000);
  assert.equal((await http.call("GET", path)).body.previousSecretUntil, undefined);
  assert.equal((await http.call("POST", `${path}/rotate`, {})).status, 200, "a day, where nothing is said");
  assert.equal((await http.call("POST", "/api/agents/none/rotate", {})).status, 404);
});

test("an agent behind a gateway has no secret to replace", async () => {
  const behind = { name: "claw", endpoint: { kind: "openclaw", agentId: "main" } };
  const { id } = (await http.call("POST", "/api/agents", behind)).body;
  const refused = await http.call("POST", `/api/agents/${id}/rotate`, {});
  assert.equal(refused.status, 409);
  assert.match(refused.body.detail, /reached through a gateway/);
});

test("an agent is edited and removed", async () => {
  const { id } = (await http.call("POST", "/api/agents", { name: "old", endpoint })).body;
  const edited = await http.call("PATCH", `/api/agents/${id}`, { name: "new", concurrency: 3 });
  assert.equal(edited.status, 200);
  assert.equal(edited.body.name, "new");
  assert.equal(edited.body.concurrency, 3);
  assert.equal((await http.call("DELETE", `/api/agents/${id}`)).status, 204);
  assert.equal((await http.call("GET", `/api/agents/${id}`)).status, 404);
  assert.equal((await http.call("PATCH", `/api/agents/${id}`, { name: "x" })).status, 404);
  assert.equal((await http.call("DELETE", `/api/agents/${id}`)).status, 404);
});

test("gateways are listed, connected and disconnected, and kept while agents need them", async () => {
  assert.deepEqual((await http.call("GET", "/api/gateways")).body, { items: [gateway] });
  const created = await http.call("POST", "/api/gateways", { url: "wss://gw.example", token: "t" });
  assert.equal(created.status, 201);
  assert.equal((await http.call("POST", "/api/gateways", { url: "http://gw.example" })).status, 400);
  assert.equal((await http.call("DELETE", "/api/gateways/gateway_used")).status, 409);
  assert.equal((await http.call("DELETE", `/api/gateways/${gateway.id}`)).status, 204);
  assert.equal((await http.call("DELETE", "/api/gateways/none")).status, 404);
});

test("a gateway is tried, and why it cannot be reached is said in words", async () => {
  const tried = await http.call("POST", "/api/gateways/test", { url: "ws://127.0.0.1:1" });
  assert.equal(tried.status, 200);
  assert.deepEqual(gatewayTestSchema.parse(tried.body), tried.body);
  assert.equal(tried.body.ok, false);
  assert.match(tried.body.error, /nothing listens there/);
});

test("the agents of a gateway are listed, or why they cannot be", async () => {
  const { body } = await http.call("GET", `/api/gateways/${gateway.id}/agents`);
  assert.deepEqual(body, { items: [{ id: "main", default: true }] });
  assert.equal((await http.call("GET", "/api/gateways/none/agents")).status, 404);
  const down = await http.call("GET", "/api/gateways/gateway_down/agents");
  assert.equal(down.status, 502);
  assert.match(down.body.detail, /the connection is closed/);
});

test("what may be secret in an agent's URL is never shown again, and an edit that gives it back keeps it", async () => {
  const url = "http://us:pass@127.0.0.1:9/agent?key=s3cret&bare";
  const { body: created } = await http.call("POST", "/api/agents", {
    name: "secretive",
    endpoint: { kind: "http", url },
  });
  const shown = "http://***@127.0.0.1:9/agent?key=***&***";
  assert.equal(created.endpoint.url, shown);
  const path = `/api/agents/${created.id}`;
  const patched = await http.call("PATCH", path, { name: "renamed", endpoint: created.endpoint });
  assert.deepEqual([patched.body.name, patched.body.endpoint.url], ["renamed", shown]);
  const kept = (await http.store.records("agent")).find(({ id }) => id === created.id);
  assert.deepEqual(kept?.endpoint, { kind: "http", url });
  const { items } = await http.store.history(null, { agentId: created.id }, 50);
  assert.ok(items.length > 0);
  for (const secret of ["us:", "pass", "s3cret", "bare"]) {
    assert.ok(!JSON.stringify(items).includes(secret), secret);
  }
  const moved = { kind: "http", url: shown.replace(":9", ":10") };
  const refused = await http.call("PATCH", path, { endpoint: moved });
  assert.equal(refused.status, 400);
  assert.match(refused.body.detail, /endpoint\.url: holds \*\*\* where secrets were hidden/);
});

test("an agent cannot be given a link-local address, however it is written", async () => {
  for (const host of ["169.254.169.254", "2852039166", "0251.0376.1", "[fe80::1]", "[::ffff:a9fe:a9fe]"]) {
    const given = { name: "metadata", endpoint: { kind: "http", url: `http://${host}/` } };
    const { status, body } = await http.call("POST", "/api/agents", given);
    assert.equal(status, 400, host);
    assert.equal(body.errors[0].path, "endpoint.url");
    assert.match(body.detail, /link-local/);
  }
  const { status } = await http.call("POST", "/api/agents", {
    name: "lan",
    endpoint: { kind: "http", url: "http://192.168.1.20:5000/" },
  });
  assert.equal(status, 201);
});

test("a server that does not follow its log says so instead of letting its clients wait, and stores all the same", async (t) => {
  const deaf = await startHttp({
    beside: http,
    seenAs: (store) =>
      new Proxy(store, {
        get(target, name: keyof Store) {
          if (name === "follow") return () => ({ setUrgent() {}, close() {} });
          const value: unknown = target[name];
          return typeof value === "function" ? value.bind(target) : value;
        },
      }),
  });
  t.after(() => deaf.close());
  const endpoint = { kind: "http", url: "http://127.0.0.1:1/" };
  const created = await deaf.call("POST", "/api/agents", { name: "Deaf", endpoint });
  assert.equal(created.status, 201);
  const [list, one, there] = await Promise.all([
    deaf.call("GET", "/api/agents"),
    deaf.call("GET", `/api/agents/${created.body.id}`),
    http.call("GET", `/api/agents/${created.body.id}`),
  ]);
  assert.equal(there.status, 200);
  for (const { status, headers, body } of [list, one]) {
    assert.equal(status, 503);
    assert.equal(headers.get("retry-after"), "1");
    assert.match(body.detail, /has not read for 5 s what is in its log/);
  }
  assert.equal((await http.call("DELETE", `/api/agents/${created.body.id}`)).status, 204);
});
