import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { RequestSender } from "./signed-request.ts";

/** Longer than a connection is kept that nothing goes over. */
const LATE_MS = 2000;
const TIMES = { sendMs: 10_000, answerMs: 10_000, bodyMs: 1000 };

/** Somebody's server, which does not close connections by itself, and a sender to it. */
async function receiver(context: TestContext, answer: (response: ServerResponse) => void) {
  const sockets: Socket[] = [];
  const server: Server = createServer((request, response) => {
    request.resume().on("end", () => answer(response));
  });
  server.keepAliveTimeout = 0;
  server.on("connection", (socket) => sockets.push(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const sender = new RequestSender();
  context.after(() => {
    sender.close();
    server.close();
  });
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const secret = `whsec_${Buffer.alloc(24, 1).toString("base64")}`;
  const send = () =>
    sender.send({ method: "POST", url, id: "m1", secret, body: "{}" }, TIMES, new AbortController().signal);
  return { sockets, send };
}

test("a connection is used again, and closed here before the other side may do so", async (context) => {
  const { sockets, send } = await receiver(context, (response) => response.end());
  for (let request = 0; request < 3; request++) assert.equal((await send()).status, 200);
  assert.equal(sockets.length, 1);
  // Nobody else would close it.
  await once(sockets[0] as Socket, "close");
  assert.equal((await send()).status, 200);
  assert.equal(sockets.length, 2);
});

test("a connection on which an answer is waited for is not closed, used before or not", async (context) => {
  let requests = 0;
  const { sockets, send } = await receiver(context, (response) => {
    setTimeout(() => response.end(), requests++ === 0 ? 0 : LATE_MS);
  });
  assert.equal((await send()).status, 200);
  assert.equal((await send()).status, 200);
  assert.equal(sockets.length, 1);
});
