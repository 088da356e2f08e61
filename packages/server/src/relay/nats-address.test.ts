import assert from "node:assert/strict";
import { test } from "node:test";
import { parseNatsUrl } from "./nats-address.ts";

test("an address says where NATS is, and who we are there", () => {
  assert.deepEqual(parseNatsUrl("nats://127.0.0.1"), { servers: ["127.0.0.1:4222"], isSecure: false });
  assert.deepEqual(parseNatsUrl("nats://me:p%40ss%2C@one:1, nats://two/"), {
    servers: ["one:1", "two:4222"],
    user: "me",
    password: "p@ss,",
    isSecure: false,
  });
  assert.deepEqual(parseNatsUrl("tls://t%3Aoken@[::1]:4443"), {
    servers: ["[::1]:4443"],
    token: "t:oken",
    isSecure: true,
  });
});
