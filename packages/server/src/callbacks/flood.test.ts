import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_CALLBACK_BYTES } from "@mission-control/protocol";
import { CallbackServer, requestOf, said } from "../../test/support/callback-server.ts";
import { AddressLimit } from "../limits/address-limit.ts";

/** A callback as large as allowed. */
function largest(): string {
  const empty = said({ data: { log: "" } });
  const body = said({ data: { log: "x".repeat(MAX_CALLBACK_BYTES - Buffer.byteLength(empty)) } });
  assert.equal(Buffer.byteLength(body), MAX_CALLBACK_BYTES);
  return body;
}

/** A callback that does not take the fast lane: chunked, and signed over the same bytes. */
function chunked(id: string) {
  const { head, body } = requestOf({
    body: said(),
    id,
    headers: { "Transfer-Encoding": "chunked", "Content-Length": null },
  });
  return [head, `${body.length.toString(16)}\r\n`, body, "\r\n0\r\n\r\n"] as const;
}

test("bodies that were begun and left lying give way to those that come", async (context) => {
  const maxBytes = 8 * MAX_CALLBACK_BYTES;
  const server = await CallbackServer.open({}, { maxBytes, pieceMs: 600_000 });
  context.after(() => server.close());
  const newest = await server.newest;
  const [body, fitting] = [largest(), maxBytes / MAX_CALLBACK_BYTES];
  const stalled = [];
  for (let index = 0; index < fitting + 2; index++) {
    const client = await server.client();
    const request = requestOf({ body, id: `msg_${index}` });
    // Without its last byte: the server must hold what it has of all of them.
    client.write(request.head, request.body.subarray(0, -1));
    stalled.push({ client, lastByte: request.body.subarray(-1) });
  }
  const refused = await Promise.race(stalled.map((one) => one.client.response()));
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get("content-type"), "application/problem+json");
  assert.match(refused.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
  for (let index = 0; index < 20; index++) {
    const client = await server.client();
    client.write(...chunked(`msg_new_${index}`));
    assert.equal((await client.response()).status, 200, "nobody who comes is turned away");
  }
  assert.equal(await server.newest, newest + 20);
  // The newest of those that lay still is there, and is stored when it comes to its end.
  const last = stalled.at(-1);
  last?.client.write(last.lastByte);
  assert.equal((await last?.client.response())?.status, 200);
  assert.deepEqual([...new Set(server.limited)], ["body_bytes"]);
  assert.ok(server.counted.includes("limited"));
});

test("a body that comes too slowly is ended, whatever memory there is", async (context) => {
  const server = await CallbackServer.open({}, { pieceMs: 1 });
  context.after(() => server.close());
  const client = await server.client();
  const { head, body } = requestOf({ body: said() });
  client.write(head, body.subarray(0, 10));
  const response = await client.response();
  assert.equal(response.status, 408);
  assert.match(response.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
  assert.deepEqual([server.counted, server.limited], [["too_slow"], ["body_rate"]]);
  await client.end();
});

test("an address has a share of the memory for bodies, and no more", async (context) => {
  const perAddress = new AddressLimit(MAX_CALLBACK_BYTES, 0);
  const server = await CallbackServer.open({}, { perAddress, pieceMs: 600_000 });
  context.after(() => server.close());
  const first = await server.client();
  const { head, body } = requestOf({ body: largest() });
  first.write(head, body.subarray(0, -1));
  const second = await server.client();
  second.write(...chunked("msg_second"));
  assert.equal((await second.response()).status, 200);
  assert.equal((await first.response()).status, 429, "the slower of the two gave way");
});

test("a body in the smallest of pieces costs no more than its bytes", async (context) => {
  const server = await CallbackServer.open();
  context.after(() => server.close());
  const { head, body } = requestOf({
    body: said({ data: { log: "x".repeat(5000) } }),
    headers: { "Transfer-Encoding": "chunked", "Content-Length": null },
  });
  const client = await server.client();
  client.write(head, ...[...body].map((byte) => `1\r\n${String.fromCharCode(byte)}\r\n`), "0\r\n\r\n");
  assert.equal((await client.response()).status, 200);
});
