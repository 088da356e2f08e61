import assert from "node:assert/strict";
import { test } from "node:test";
import { standardHeaders } from "@mission-control/protocol";
import { RawClient } from "./support/raw-client.ts";
import { AgentDouble, dispatchTasks, ServerProcess } from "./support/server-process.ts";
import { StreamReader } from "./support/stream-reader.ts";

test("a stop answers what is in hand, ends the streams, and is over in time whoever holds on", async (context) => {
  const server = await ServerProcess.start();
  context.after(() => server.close());
  const agent = await AgentDouble.start();
  context.after(() => agent.close());
  const [payload] = await dispatchTasks(server, agent, 1);
  assert.ok(payload);
  const headers = { Authorization: `Bearer ${server.token}` };
  const reader = await StreamReader.open(server.port, { headers });
  await reader.opened();

  // Clients that never close their side: one idle, one on the REST interface, one in the middle of an upload.
  const idle = await RawClient.connect(server.port);
  const rest = await RawClient.connect(server.port);
  rest.write("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  assert.equal((await rest.response()).status, 200);
  const uploading = await RawClient.connect(server.port);
  uploading.write("POST /api/webhooks/callback HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n{");
  const streaming = await RawClient.connect(server.port);
  streaming.write(
    `GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${server.token}\r\n\r\n`,
  );
  await streaming.bytes((text) => text.includes("retry:"));
  for (const client of [idle, rest, uploading, streaming]) context.after(() => client.close());

  const sender = await RawClient.connect(server.port);
  const { pathname } = new URL(payload.callback.url);
  const send = (number: number) => {
    const body = JSON.stringify({ taskId: payload.task.id, agentId: payload.agent.id, type: "progress" });
    const signed = standardHeaders(payload.callback.secret, {
      id: `msg_${number}`,
      timestamp: Math.floor(Date.now() / 1000),
      body,
    });
    const lines = Object.entries({
      Host: "127.0.0.1",
      "Content-Type": "application/json",
      "Content-Length": String(body.length),
      ...signed,
    });
    sender.write(
      `POST ${pathname} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`,
    );
  };
  send(0);
  assert.equal((await sender.response()).status, 200);
  const began = performance.now();
  const ended = server.end("SIGTERM");
  for (let number = 1; !sender.ended; number++) {
    send(number);
    const response = await sender.response().catch(() => null);
    if (!response) break;
    assert.ok([200, 503].includes(response.status), `${response.status}`);
    if (response.status === 503) assert.ok(response.headers.has("retry-after"));
  }
  await reader.end();
  assert.equal(reader.retries.length, 2, "the stream said when to come back");
  const { code, stderr } = await ended;
  assert.equal(code, 0, stderr);
  assert.ok(performance.now() - began < 10_000, "within ten seconds");
});
