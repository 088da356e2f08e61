import assert from "node:assert/strict";
import { test } from "node:test";
import { held } from "../../../test/support/events.ts";
import { Feed } from "../../store/feed.ts";
import { type FeedLines, linesOf } from "./lines.ts";

const rows = new Feed(
  () => true,
  [
    held(1, { type: "dispatch" }),
    ...Array.from({ length: 98 }, (_, at) => held(at + 2)),
    held(100, { type: "complete" }),
  ],
).rows;
const drawn = ({ count, at }: FeedLines) =>
  Array.from({ length: count }, (_, index) => at(index)).map((line) => line?.event.id);

test("a line a row, the newest first", () => {
  const lines = linesOf(rows, new Set());
  assert.deepEqual(drawn(lines), [100, 99, 1]);
  assert.equal(lines.at(3), undefined);
});

test("a row that is unfolded shows every event it counts, however many", () => {
  const lines = linesOf(rows, new Set([2]));
  assert.deepEqual(drawn(lines), [100, ...Array.from({ length: 98 }, (_, at) => 99 - at), 1]);
  assert.equal(lines.at(1)?.folded, false);
  assert.equal(lines.at(2)?.folded, true);
  assert.equal(new Set(Array.from({ length: lines.count }, (_, at) => lines.at(at)?.key)).size, lines.count);
});

test("a copy of a row shows what it counted, though more came since", () => {
  const feed = new Feed(() => true, [held(1), held(2)]);
  const copy = [...feed.rows];
  feed.append([held(3)]);
  assert.deepEqual(drawn(linesOf(copy, new Set([1]))), [2, 1]);
});
