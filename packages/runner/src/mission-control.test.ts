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
