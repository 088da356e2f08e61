import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExchangePage, ExchangeView } from "@mission-control/protocol";
import fc from "fast-check";
import { type ExchangeFeed, released, withNewest, withOlder } from "./exchange-feed.ts";

const PAGE = 3;

/** A server that lists what was delivered, newest first, a page at a time. */
class Deliveries {
  readonly #all: ExchangeView[] = [];

  add(count: number): void {
    for (let at = 0; at < count; at++) {
      const second = this.#all.length + 1;
      this.#all.unshift({
        id: `r${second}`,
        direction: "webhook",
        what: "complete",
        at: new Date(second * 1_000).toISOString(),
        result: "waiting",
        tryCount: 1,
      });
    }
  }

  /** One that was tried again, as long as it is among the newest. */
  retry(index: number): void {
    const row = this.#all[index];
    if (row) this.#all[index] = { ...row, result: "ok", tryCount: row.tryCount + 1 };
  }

  read(cursor: string | null): ExchangePage {
    const from = cursor === null ? 0 : this.#all.findIndex(({ id }) => id === cursor) + 1;
    const items = this.#all.slice(from, from + PAGE);
    const isEnd = from + PAGE >= this.#all.length;
    return { items, nextCursor: isEnd ? null : (items.at(-1)?.id ?? null) };
  }

  /** What stands from one row to another; fails where there is a gap, a double or another order. */
  stretch(rows: readonly ExchangeView[]): { from: number; to: number } {
    const ids = rows.map(({ id }) => id);
    const from = this.#all.findIndex(({ id }) => id === ids[0]);
    const expected = this.#all.slice(from, from + ids.length).map(({ id }) => id);
    assert.deepEqual(ids, expected, "as the server has them, without a gap or a double");
    return { from, to: from + ids.length };
  }

  get count(): number {
    return this.#all.length;
  }

  get newest(): readonly ExchangeView[] {
    return this.#all.slice(0, PAGE);
  }
}

const step = fc.oneof(
  fc.record({ kind: fc.constant("added" as const), count: fc.integer({ min: 1, max: 7 }) }),
  fc.record({ kind: fc.constant("tried" as const), index: fc.nat(PAGE - 1) }),
  fc.record({ kind: fc.constant("refresh" as const), isHeld: fc.boolean() }),
  fc.constant({ kind: "release" as const }),
  fc.constant({ kind: "older" as const }),
);

test("however a list grows, is held, released and read on, its rows are the server's, gapless and once", () => {
  fc.assert(
    fc.property(fc.nat(8), fc.array(step, { maxLength: 30, size: "max" }), (first, steps) => {
      const server = new Deliveries();
      server.add(first);
      let feed: ExchangeFeed = withNewest(null, server.read(null), false);
      for (const did of steps) {
        if (did.kind === "added") server.add(did.count);
        else if (did.kind === "tried") server.retry(did.index);
        else if (did.kind === "release") feed = released(feed);
        else if (did.kind === "older") {
          if (feed.cursor !== null) feed = withOlder(feed, server.read(feed.cursor));
        } else {
          const before = feed.rows.map(({ id }) => id);
          feed = withNewest(feed, server.read(null), did.isHeld);
          if (did.isHeld && before.length > 0)
            assert.deepEqual(
              feed.rows.map(({ id }) => id),
              before,
            );
          else assert.deepEqual([...feed.rows.slice(0, PAGE)], server.newest, "the newest, as they are now");
        }
        if (feed.rows.length === 0) continue;
        const shown = server.stretch(feed.rows);
        if (feed.cursor === null) assert.equal(shown.to, server.count, "an end is the end");
        else assert.equal(feed.cursor, feed.rows.at(-1)?.id, "it goes on behind its last row");
        if (feed.fresh.length === 0) continue;
        const fresh = server.stretch(feed.fresh);
        // Released, it is gapless: what waits joins the rows, or takes their place and goes on by itself.
        if (feed.freshCursor === undefined) assert.equal(fresh.to, shown.from);
        else if (feed.freshCursor !== null) assert.equal(feed.freshCursor, feed.fresh.at(-1)?.id);
      }
    }),
    { numRuns: 300 },
  );
});
