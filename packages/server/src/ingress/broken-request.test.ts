import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { test } from "node:test";
import { RawClient } from "../../test/support/raw-client.ts";
import { BrokenRequests } from "./broken-request.ts";

test("a request that may take its time is read on when others are given up", async (context) => {
  const broken = new BrokenRequests();
  const limits = { requestTimeout: 50, connectionsCheckingInterval: 10 };
  const server = createServer(limits, (request, response) => {
    broken.expectAnswer(request, response);
    if (request.method === "PUT") broken.allowTime(request, response);
    request.resume().on("end", () => response.end("whole"));
  });
  server.on("clientError", (error, socket) => broken.answer(error, socket as Socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const [upload, other] = await Promise.all([RawClient.connect(port), RawClient.connect(port)]);
  context.after(() => {
    upload.close();
    other.close();
    server.close();
    server.closeAllConnections();
  });
  upload.write("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n1");
  other.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n1");
  assert.equal((await other.response()).status, 408);
  upload.write("2");
  assert.deepEqual((await upload.response()).body, "whole");
  // The next one on the same connection is like all others.
  upload.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n1");
  assert.equal((await upload.response()).status, 408);
});
