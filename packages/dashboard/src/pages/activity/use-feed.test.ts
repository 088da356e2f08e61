import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { event } from "../../../test/support/events.ts";
import { TestMission } from "../../../test/support/test-mission.ts";
import type { FeedFilter } from "../../store/feed-filter.ts";
import { readHistory } from "./use-feed.ts";

let there: TestMission;
beforeEach(() => {
  there = new TestMission();
});
afterEach(() => there.close());

const read = (filter: FeedFilter, before: number) =>
  readHistory(there.mission, filter, before, new AbortController().signal);
const asked = async () => there.call("GET /api/events/history");

test("the server is asked for what the filter finds, before a place, and says where to go on", async () => {
  const reading = read({ taskId: "t 1", agentId: "a&b", types: ["error", "complete"], q: "  log in " }, 500);
  const call = await asked();
  assert.deepEqual(Object.fromEntries(new URL(call.path, "http://x").searchParams), {
    before: "500",
    limit: "100",
    taskId: "t 1",
    agentId: "a&b",
    types: "error,complete",
    q: "log in",
  });
  call.answer({ items: [event(499, { message: "x".repeat(5_000) }), event(7)], nextCursor: "7" });
  const page = await reading;
  assert.deepEqual(
    [page.events.map(({ id, clipped }) => [id, clipped]), page.before],
    [
      [
        [499, true],
        [7, undefined],
      ],
      7,
    ],
  );
});

test("an empty filter asks for all; a page without a next one is the end", async () => {
  const reading = read({ taskId: "", types: [], q: "  " }, 3);
  const call = await asked();
  assert.equal(call.path, "/api/events/history?before=3&limit=100");
  call.answer({ items: [], nextCursor: null });
  assert.equal((await reading).before, null);
});

test("before the first event there is nothing to ask for", async () => {
  assert.deepEqual([await read({}, 1), there.open], [{ events: [], before: null }, []]);
});
