import assert from "node:assert/strict";
import { test } from "node:test";
import { isRetryable, parseRetryAfter, RETRY_WAITS, retryDelay } from "./retry.ts";

const now = Date.parse("2026-11-23T10:00:00Z");

test("Retry-After is read as seconds and as an HTTP date", () => {
  assert.equal(parseRetryAfter("7", now), 7000);
  assert.equal(parseRetryAfter(" 0 ", now), 0);
  assert.equal(parseRetryAfter("Mon, 23 Nov 2026 10:00:30 GMT", now), 30_000);
  assert.equal(parseRetryAfter("Mon, 23 Nov 2026 09:00:00 GMT", now), 0);
  assert.equal(parseRetryAfter("soon", now), undefined);
  assert.equal(parseRetryAfter("-5", now), undefined);
  assert.equal(parseRetryAfter(null, now), undefined);
});

test("a server cannot hold a callback back for ever", () => {
  assert.equal(parseRetryAfter("999999999", now), 3_600_000);
});

test("waits have full jitter, come quicker at first and end with the contract's 5 s, 30 s, 2 min, 10 min", () => {
  assert.deepEqual(RETRY_WAITS.slice(-4), [5_000, 30_000, 120_000, 600_000]);
  assert.equal(
    retryDelay(5000, undefined, () => 0),
    0,
  );
  assert.equal(
    retryDelay(5000, undefined, () => 0.5),
    2500,
  );
  assert.equal(
    retryDelay(5000, 2000, () => 0),
    2000,
  );
  assert.equal(
    retryDelay(5000, 2000, () => 0.5),
    4500,
  );
});

test("only timeouts, rate limits and server errors are tried again", () => {
  const retried = [408, 425, 429, 500, 502, 503, 504].filter(isRetryable);
  assert.equal(retried.length, 7);
  assert.deepEqual([301, 400, 401, 403, 404, 409, 410, 413, 415, 422].filter(isRetryable), []);
});
