import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { MissionControl } from "./mission-control.ts";

test("a server that takes the call and never answers is given up, in words", async (context) => {
  const server = createServer(() => {}).listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await assert.rejects(new MissionControl(url, "token", 50).agentName("agent_1"), {
    code: "registration",
    message: `Mission Control cannot be reached at ${url}: no answer within 0.05 s`,
  });
});

test("what is not Mission Control is told from it, whatever it answers", async (context) => {
  const answers: [status: number, body: string, headers?: Record<string, string>][] = [
    [200, "<h1>Welcome</h1>"],
    [200, "null"],
    [202, "<h1>Queued</h1>"],
    [204, ""],
    [500, "<h1>Oops</h1>"],
    [302, "", { location: "https://mc.example.com/" }],
  ];
  let answer = answers[0];
  const server = createServer((_, response) => {
    const [status, body, headers] = answer ?? assert.fail();
    response.writeHead(status, headers).end(body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const control = new MissionControl(url, "token");
  const settings = { name: "coder", capabilities: [], concurrency: 1, url };
  for (answer of answers) {
    const refused = {
      code: "registration",
      message: `${url} answered HTTP ${answer[0]}, not as Mission Control would: check the server's address.`,
    };
    await assert.rejects(control.agentNamed("coder"), refused);
    await assert.rejects(control.createAgent(settings), refused);
    await assert.rejects(control.updateAgent("agent_1", settings), refused);
    await assert.rejects(control.agentName("agent_1"), refused);
    if (answer[0] !== 204) await assert.rejects(control.deleteAgent("agent_1"), refused);
  }
});
