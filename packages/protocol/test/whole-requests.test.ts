import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { test } from "node:test";
import { wholeRequests } from "./whole-requests.ts";

test("a request is handed on whole, and one that was broken off never", async () => {
  const bodies: string[] = [];
  const server = createServer(
    wholeRequests((_, response, body) => {
      bodies.push(String(body));
      response.end();
    }),
  );
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const sender = connect(port, "127.0.0.1");
  sender.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n1");
  await once(server, "request");
  sender.resetAndDestroy();
  await fetch(`http://127.0.0.1:${port}`, { method: "POST", body: "whole" });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  assert.deepEqual(bodies, ["whole"]);
});
