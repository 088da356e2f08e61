import assert from "node:assert/strict";
import { test } from "node:test";
import { newIdempotencyKey } from "./idempotency-key.ts";

test("a key is made where the browser has no crypto.randomUUID, as over plain http on a name", () => {
  const overHttp = { getRandomValues: crypto.getRandomValues.bind(crypto) };
  const keys = new Set(Array.from({ length: 100 }, () => newIdempotencyKey(overHttp)));
  assert.equal(keys.size, 100);
  for (const key of keys) assert.match(key, /^[0-9a-f]{32}$/);
});

test("small bytes keep their leading zero", () => {
  assert.equal(newIdempotencyKey({ getRandomValues: (bytes) => bytes }), "0".repeat(32));
});
