import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { BadNetwork } from "./bad-network.ts";

/** What a server does with a connection once something has come by it. */
const SERVERS: Record<string, (socket: Socket) => void> = {
  "hangs up without an answer": (socket) => socket.destroy(),
  "breaks off in its answer": (socket) =>
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", () => socket.resetAndDestroy()),
  "answers nonsense": (socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"),
};

for (const [what, misbehave] of Object.entries(SERVERS)) {
  test(`a sender meets a broken connection where the server behind ${what}`, async (context) => {
    const server = createServer((socket) => socket.once("data", () => misbehave(socket)));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const network = await new BadNetwork(Math.random).listen();
    network.target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    context.after(async () => {
      server.close();
      await network.close();
    });
    await assert.rejects(fetch(network.url, { method: "POST", body: "{}" }), TypeError);
  });
}

test("a sender that breaks off in its body is forgotten", async () => {
  const network = await new BadNetwork(Math.random).listen();
  const sender = connect(Number(new URL(network.url).port), "127.0.0.1");
  sender.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{");
  while (network.counts.size === 0) await new Promise(setImmediate);
  sender.resetAndDestroy();
  await network.close();
});
