import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExchangePage, ExchangeView } from "@mission-control/protocol";
import { type ExchangeFeed, released, withNewest, withOlder } from "./exchange-feed.ts";

function row(second: number, more: Partial<ExchangeView> = {}): ExchangeView {
  const at = new Date(second * 1000).toISOString();
  return {
    id: `r${second}`,
    direction: "dispatch",
    what: "dispatch",
    at,
    result: "ok",
    tryCount: 1,
    ...more,
  };
}

const page = (seconds: number[], nextCursor: string | null = "more"): ExchangePage => ({
  items: seconds.map((second) => row(second)),
  nextCursor,
});
const ids = (rows: readonly ExchangeView[]) => rows.map(({ id }) => id).join(" ");
const first = () => withNewest(null, page([3, 2, 1]), false);

test("what is new comes on top, at its time, or waits while somebody reads", () => {
  assert.equal(ids(withNewest(first(), page([5, 4, 3, 2]), false).rows), "r5 r4 r3 r2 r1");
  const late = withNewest(first(), { items: [row(3), row(2.5), row(2)], nextCursor: "more" }, false);
  assert.equal(ids(late.rows), "r3 r2.5 r2 r1");
  let held = withNewest(first(), page([4, 3, 2]), true);
  held = withNewest(held, page([5, 4, 3]), true);
  assert.deepEqual([ids(held.fresh), ids(held.rows)], ["r5 r4", "r3 r2 r1"]);
  assert.equal(ids(released(held).rows), "r5 r4 r3 r2 r1");
});

test("where more came than a page holds, the list begins anew, once it is not read", () => {
  const held = withNewest(first(), page([9, 8, 7], "behind 7"), true);
  assert.equal(ids(held.rows), "r3 r2 r1");
  const { rows, cursor } = released(held);
  assert.deepEqual([ids(rows), cursor], ["r9 r8 r7", "behind 7"]);
});

test("what was tried again is renewed, and nothing is there twice", () => {
  const feed: ExchangeFeed = { rows: [row(2, { result: "waiting" }), row(1)], fresh: [], cursor: "c" };
  const now = withNewest(feed, page([2, 1]), true);
  assert.equal(now.rows[0]?.result, "ok");
  const more = withOlder(now, page([1, 0], null));
  assert.deepEqual([ids(more.rows), more.cursor], ["r2 r1 r0", null]);
  assert.equal(ids(withNewest(withNewest(null, page([], null), false), page([1], null), true).rows), "r1");
});
