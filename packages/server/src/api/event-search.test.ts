import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogEvent } from "@mission-control/protocol";
import { searchEvents } from "./event-search.ts";

/** A log in which every thousandth event says something; only its reading counts here. */
function longLog(length: number) {
  const at = new Date(0).toISOString();
  const event = (id: number): LogEvent => ({
    id,
    type: "activity",
    message: id % 1_000 === 0 ? "needle" : "hay",
    data: {},
    timestamp: at,
    receivedAt: at,
  });
  return {
    async history(before: number | null, _: object, limit: number) {
      const newest = Math.min(length, (before ?? length + 1) - 1);
      const items = Array.from({ length: Math.min(limit, newest) }, (_, index) => event(newest - index));
      const last = items.at(-1)?.id ?? 0;
      return { items, nextCursor: last > 1 ? String(last) : null };
    },
    task: async () => null,
  };
}

test("one page looks at a bounded stretch of the log, and its cursor goes on to the end", async () => {
  const source = { store: longLog(23_456), agentName: () => undefined };
  const found: number[] = [];
  const sizes: number[] = [];
  let before: number | null = null;
  do {
    const page: { items: LogEvent[]; nextCursor: string | null } = await searchEvents(
      source,
      "NEEDLE",
      before,
      {},
      50,
    );
    found.push(...page.items.map(({ id }) => id));
    sizes.push(page.items.length);
    before = page.nextCursor === null ? null : Number(page.nextCursor);
  } while (before !== null);
  assert.deepEqual(
    found,
    Array.from({ length: 23 }, (_, index) => (23 - index) * 1_000),
  );
  assert.equal(sizes.length, 5, "5,000 events a page");
});

test("the words of an entry are found, and large ones make a page look at fewer events", async () => {
  const at = new Date(0).toISOString();
  const entry = (id: number) => ({
    kind: "tool",
    input: { command: id === 7 ? "the needle" : "x".repeat(30_000) },
  });
  const asked: number[] = [];
  const store = {
    async history(before: number | null, _: object, limit: number) {
      asked.push(limit);
      const newest = (before ?? 2_001) - 1;
      const ids = Array.from({ length: Math.min(limit, newest) }, (_, index) => newest - index);
      const items = ids.map((id): LogEvent => {
        return { id, type: "activity", data: { entry: entry(id) }, timestamp: at, receivedAt: at };
      });
      const last = ids.at(-1) ?? 0;
      return { items, nextCursor: last > 1 ? String(last) : null };
    },
    task: async () => null,
  };
  const source = { store, agentName: () => undefined };
  const found: number[] = [];
  let pages = 0;
  for (let before: number | null = null; ; pages++) {
    const page = await searchEvents(source, "needle", before, {}, 50);
    found.push(...page.items.map(({ id }) => id));
    if (page.nextCursor === null) break;
    before = Number(page.nextCursor);
  }
  assert.deepEqual(found, [7]);
  assert.ok(pages >= 5 && asked.slice(1).every((limit) => limit < 50 || limit === 250), `${pages}: ${asked}`);
});

test("a full page ends at its last match", async () => {
  const source = { store: longLog(3_000), agentName: () => undefined };
  const page = await searchEvents(source, "needle", null, {}, 2);
  assert.deepEqual([page.items.map(({ id }) => id), page.nextCursor], [[3_000, 2_000], "2000"]);
});
