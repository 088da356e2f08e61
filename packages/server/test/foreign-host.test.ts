import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { standardHeaders } from "@mission-control/protocol";
import { RawClient } from "./support/raw-client.ts";
import { AgentDouble, dispatchTasks, ServerProcess } from "./support/server-process.ts";

let server: ServerProcess;
let agent: AgentDouble;
before(async () => {
  server = await ServerProcess.start();
  agent = await AgentDouble.start();
});
after(async () => {
  await agent.close();
  await server.close();
});

/** Sends a request with this `Host` on a connection of its own; what came back before the server fell silent. */
async function ask(host: string, requestLine: string, headers: object = {}, body = ""): Promise<string> {
  const client = await RawClient.connect(server.port);
  let head = `${requestLine} HTTP/1.1\r\nHost: ${host}\r\n`;
  for (const [name, value] of Object.entries(headers)) head += `${name}: ${value}\r\n`;
  client.write(`${head}\r\n${body}`);
  const answer = await client.bytes((text) => text.includes("\r\n\r\n"));
  client.close();
  return answer;
}

test("a request by a foreign name is refused on every way in, also with the right token or signature", async () => {
  const [payload] = await dispatchTasks(server, agent, 1);
  assert.ok(payload);
  const body = JSON.stringify({
    taskId: payload.task.id,
    agentId: payload.agent.id,
    type: "progress",
    message: "Hi",
  });
  const token = { Authorization: `Bearer ${server.token}` };
  const signed = (id: string) => ({
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(body),
    ...standardHeaders(payload.callback.secret, { id, timestamp: Math.floor(Date.now() / 1000), body }),
  });
  const { pathname } = new URL(payload.callback.url);
  const ways: [line: string, headers: (id: string) => object, body: string][] = [
    // In one plain piece the fast lane reads it; with a header that it leaves alone, the HTTP server does.
    [`POST ${pathname}`, signed, body],
    [`POST ${pathname}`, (id) => ({ ...signed(id), Connection: "close" }), body],
    ["GET /api/events", () => token, ""],
    ["GET /api/events", () => ({ ...token, Connection: "close" }), ""],
    ["GET /api/tasks", () => token, ""],
    ["GET /", () => ({}), ""],
    ["GET /healthz", () => ({}), ""],
    ["GET /metrics", () => ({}), ""],
  ];
  for (const [index, [line, headers, content]] of ways.entries()) {
    const refused = await ask("rebound.example", line, headers(`foreign_${index}`), content);
    assert.match(refused, /^HTTP\/1\.1 421 Misdirected Request\r\n/, line);
    assert.match(refused, /MISSION_CONTROL_ALLOWED_HOSTS/, line);
    const taken = await ask(`localhost:${server.port}`, line, headers(`own_${index}`), content);
    assert.match(taken, /^HTTP\/1\.1 200 /, line);
  }
  const { items } = await server.call<{ items: { type: string; message: string }[] }>(
    "GET",
    `/api/tasks/${payload.task.id}/events`,
  );
  assert.equal(items.filter(({ type }) => type === "activity").length, 2);
});
