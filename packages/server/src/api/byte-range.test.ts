import assert from "node:assert/strict";
import { test } from "node:test";
import { rangeOf } from "./byte-range.ts";

const ETAG = '"abc"';
const of = (range: string, ifRange?: string, size = 1000) =>
  rangeOf({ range, ...(ifRange === undefined ? {} : { "if-range": ifRange }) }, size, ETAG);

test("one range of bytes is taken as it is asked for, and cut at the end", () => {
  assert.deepEqual(of("bytes=0-499"), { first: 0, last: 499 });
  assert.deepEqual(of("bytes=500-"), { first: 500, last: 999 });
  assert.deepEqual(of("bytes=999-5000"), { first: 999, last: 999 });
  assert.deepEqual(of("Bytes=-1"), { first: 999, last: 999 });
  assert.deepEqual(of("bytes=-5000"), { first: 0, last: 999 });
});

test("a range that begins behind the end is none, and so is one of nothing", () => {
  for (const range of ["bytes=1000-", "bytes=1000-2000", "bytes=-0"])
    assert.equal(of(range), "unsatisfiable");
  assert.equal(of("bytes=0-", undefined, 0), "unsatisfiable");
  assert.equal(of("bytes=-5", undefined, 0), "unsatisfiable");
});

test("what is not one range of bytes, or of something else that was there, asks for all", () => {
  for (const range of ["bytes=5-2", "bytes=-", "bytes=a-b", "lines=0-1", "bytes=0-1,5-6", "bytes 0-1"]) {
    assert.equal(of(range), null, range);
  }
  assert.equal(rangeOf({}, 1000, ETAG), null);
  assert.deepEqual(of("bytes=0-1", ETAG), { first: 0, last: 1 });
  for (const other of ['W/"abc"', '"def"', "Mon, 23 Nov 2026 10:00:00 GMT"]) {
    assert.equal(of("bytes=0-1", other), null, other);
  }
});
