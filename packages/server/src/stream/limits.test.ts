import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { RawClient } from "../../test/support/raw-client.ts";
import { type StreamLimits, StreamServer } from "../../test/support/stream-server.ts";

async function open(context: TestContext, limits: StreamLimits): Promise<StreamServer> {
  const server = await StreamServer.open(limits);
  context.after(() => server.close());
  return server;
}

const ask = (query = "", headers = "") =>
  `GET /api/events?${query} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}\r\n`;
/** Node's HTTP server reads this one, not the lane before it. */
const UNUSUAL = "Connection: close\r\n";

async function opened(server: StreamServer, request: string): Promise<RawClient> {
  const client = await RawClient.connect(server.port);
  server.clients.push(client);
  client.write(request);
  assert.match(await client.bytes((text) => text.includes("retry:")), /^HTTP\/1\.1 200 /);
  return client;
}

async function refused(server: StreamServer, request: string): Promise<string> {
  const client = await RawClient.connect(server.port);
  client.write(request);
  const response = await client.response();
  client.close();
  assert.equal(response.status, 429);
  assert.match(response.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  return JSON.parse(response.body).detail;
}

for (const [lane, unusual] of [
  ["the fast lane", ""],
  ["the HTTP server", UNUSUAL],
]) {
  test(`429: more streams than an address may have, by ${lane}; one that ends makes room`, async (context) => {
    const server = await open(context, { streams: 2, connections: 3 });
    const [first] = await Promise.all([opened(server, ask("", unusual)), opened(server, ask("", unusual))]);
    assert.match(await refused(server, ask("", unusual)), /too many streams/);
    assert.deepEqual(server.limited, ["streams_per_address"], "counted once");
    first?.close();
    while (server.hub.size > 1) await new Promise((resolve) => setImmediate(resolve));
    await opened(server, ask("", unusual));
  });

  test(`429: more connections than an address may have, by ${lane}; one that ends makes room`, async (context) => {
    const server = await open(context, { connections: 2 });
    const [first] = await Promise.all([opened(server, ask("", unusual)), opened(server, ask("", unusual))]);
    const client = await RawClient.connect(server.port);
    const response = await client.response();
    assert.equal(response.status, 429, "without having asked for anything");
    assert.match(response.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
    await client.end();
    assert.deepEqual(server.limited, ["connections_per_address"]);
    const [end] = server.sockets;
    first?.close();
    if (end && !end.closed) await once(end, "close");
    while (server.hub.size > 1) await new Promise((resolve) => setImmediate(resolve));
    await opened(server, ask("", unusual));
  });
}

test("behind a trusted proxy each client has its own share, and the proxy's connections are not one's", async (context) => {
  const server = await open(context, { streams: 1, connections: 1, trustedProxies: ["127.0.0.1"] });
  const by = (address: string) => ask("", `X-Forwarded-For: ${address}\r\n`);
  await opened(server, by("203.0.113.1"));
  await opened(server, by("203.0.113.2"));
  assert.match(await refused(server, by("198.51.100.9, 203.0.113.1")), /This address/);
  assert.deepEqual(server.limited, ["streams_per_address"]);
});

test("429: more different filters than events are compared with; those in use have room", async (context) => {
  const server = await open(context, { filters: 2 });
  await opened(server, ask("taskId=t1"));
  await opened(server, ask("taskId=t2"));
  assert.match(await refused(server, ask("taskId=t3")), /different filters/);
  await opened(server, ask("taskId=t2"));
  assert.deepEqual(server.limited, ["stream_filters"]);
});
