import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_CALLBACK_BYTES } from "@mission-control/protocol";
import { CallbackServer, requestOf, said } from "../../test/support/callback-server.ts";

/** What all bodies under way may hold together. */
const MAX_TOTAL_BYTES = 64 * 1024 * 1024;

test("429: more bodies at one time than memory is given for; the others are stored when they come to their end", async (context) => {
  const server = await CallbackServer.open();
  context.after(() => server.close());
  const newest = await server.newest;
  // Each as large as allowed, and without its last byte: the server must hold what it has of all of them.
  const empty = said({ data: { log: "" } });
  const body = said({ data: { log: "x".repeat(MAX_CALLBACK_BYTES - Buffer.byteLength(empty)) } });
  assert.equal(Buffer.byteLength(body), MAX_CALLBACK_BYTES);
  const fitting = Math.floor(MAX_TOTAL_BYTES / (MAX_CALLBACK_BYTES - 1));
  const senders = [];
  for (let index = 0; index <= fitting; index++) {
    const client = await server.client();
    const request = requestOf({ body, id: `msg_${index}` });
    client.write(request.head, request.body.subarray(0, -1));
    senders.push({ client, lastByte: request.body.subarray(-1) });
  }
  const refused = await Promise.race(
    senders.map(async (sender) => ({ sender, response: await sender.client.response() })),
  );
  assert.equal(refused.response.status, 429);
  assert.equal(refused.response.headers.get("content-type"), "application/problem+json");
  assert.match(refused.response.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
  assert.deepEqual(server.counted, ["limited"]);
  assert.equal(await server.newest, newest, "nothing was stored");
  const [other] = senders.filter((sender) => sender !== refused.sender);
  other?.client.write(other.lastByte);
  while (server.counted.length < 2) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([...server.counted], ["limited", "stored"]);
  assert.equal(await server.newest, newest + 1);
});
