import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { newEvent } from "../test/conformance/engine.ts";
import { LapsingLeases } from "../test/support/lapsing-leases.ts";
import { Pace, Retention } from "./retention.ts";
import { FencedError } from "./store/operations.ts";
import { SqliteStore } from "./store/sqlite/sqlite-store.ts";
import type { Store } from "./store/store.ts";

const KEPT = 200;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

test("the oldest events go in steps until what is to be kept is left, also while more come in than a step removes", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "mission-control-retention-"));
  const store = SqliteStore.open({ folder });
  const errors: unknown[] = [];
  const logger = { debug() {}, info() {}, warn() {}, error: (fields: object) => void errors.push(fields) };
  const append = (count: number) => store.append(Array.from({ length: count }, () => newEvent("gateway")));
  await append(2000);
  const retention = new Retention({ store, keepEvents: KEPT, now: () => new Date(), logger });
  context.after(async () => {
    await retention.close();
    await store.close();
    rmSync(folder, { recursive: true });
  });
  let oldest = 0;
  for (let more = 2000; more > 0; more -= 250) {
    await append(250);
    const range = await store.range();
    assert.ok(range.oldest >= oldest && range.newest - range.oldest + 1 >= KEPT, "only the oldest go");
    oldest = range.oldest;
  }
  const surplus = async () => {
    const range = await store.range();
    return range.newest - range.oldest + 1 - KEPT;
  };
  while ((await surplus()) > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(await store.range(), { oldest: 4000 - KEPT + 1, newest: 4000 });
  assert.deepEqual(errors, []);
});

test("one node at a time prunes; the other goes on when its lease has lapsed, and the first is refused", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "mission-control-retention-"));
  const store = SqliteStore.open({ folder });
  const leases = new LapsingLeases(store);
  /** The lease's number of each step that pruned, in order. */
  const steps: number[] = [];
  const refused: unknown[] = [];
  const start = () => {
    const node = leases.node();
    const prune: Store["prune"] = (policy) => {
      const pruned = store.prune(policy);
      pruned.then(
        () => steps.push(policy.under?.fence ?? 0),
        (error: unknown) => refused.push(error),
      );
      return pruned;
    };
    const pruning = { range: () => node.range(), lease: node.lease, prune };
    return new Retention({ store: pruning, keepEvents: KEPT, now: () => new Date(), logger: silent });
  };
  const retentions = [start(), start()];
  context.after(async () => {
    for (const retention of retentions) await retention.close();
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const append = () => store.append(Array.from({ length: 500 }, () => newEvent("gateway")));
  const pruned = async () => {
    for (;;) {
      const { oldest, newest } = await store.range();
      if (newest - oldest + 1 <= KEPT) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await append();
  await pruned();
  assert.equal(new Set(steps).size, 1, "one of them acts");
  const { token } = await leases.lapse("retention");
  await append();
  await pruned();
  while (refused.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(refused[0] instanceof FencedError);
  assert.ok((steps.at(-1) ?? 0) > token.fence);
  assert.deepEqual(
    steps,
    steps.toSorted((a, b) => a - b),
    "the first does not act again",
  );
});

/**
 * A log that grows at a steady rate, pruned by the pace; time moves by the pauses and by `stepMs`, what a step takes.
 * Resolves to what was kept after each step once the beginning is over.
 */
function kept({ keep, perSecond, stepMs }: { keep: number; perSecond: number; stepMs: number }) {
  const pace = new Pace(keep);
  const sizes: number[] = [];
  const steps: { rows: number; pause: number }[] = [];
  let oldest = 1;
  for (let at = 0; at < 60_000; ) {
    const newest = keep + Math.floor((at * perSecond) / 1000);
    const { rows } = pace.step({ oldest, newest }, at);
    const surplus = newest - oldest + 1 - keep;
    oldest += Math.max(0, Math.min(rows, surplus));
    const pause = surplus > rows ? pace.pause : pace.rest;
    if (surplus > rows) steps.push({ rows, pause });
    at += pause + stepMs;
    if (at > 10_000) sizes.push(newest - oldest + 1);
  }
  return { most: Math.max(...sizes), steps };
}

test("the log stays near its limit however fast it grows, also where a step has to wait long", () => {
  for (const perSecond of [0, 100, 1000, 6800, 20_000]) {
    for (const stepMs of [1, 10, 50]) {
      const { most } = kept({ keep: 1000, perSecond, stepMs });
      assert.ok(most <= 1000 + perSecond * 0.25 + 100, `${most} kept at ${perSecond}/s, ${stepMs} ms a step`);
    }
  }
  const { most } = kept({ keep: 1_000_000, perSecond: 6800, stepMs: 5 });
  assert.ok(most <= 1_000_000 * 1.011, `${most} kept`);
});

test("where little comes, a step is small and the next one waits", () => {
  const pace = new Pace(1000);
  for (let step = 0; step < 100; step++) {
    const { rows } = pace.step({ oldest: 1, newest: 100_000 + step * 10 }, step * 50);
    assert.deepEqual([rows, pace.pause], [100, 50]);
  }
  const lowered = new Pace(1000);
  lowered.step({ oldest: 1, newest: 1_000_000 }, 0);
  assert.ok(lowered.pause <= 20, "a large surplus goes faster");
});

test("the place of what was pruned is used again: the file stops growing", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "mission-control-retention-"));
  const store = SqliteStore.open({ folder });
  context.after(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const pages = () => {
    const db = new DatabaseSync(join(folder, "mission-control.db"), { readOnly: true });
    const count = Number(db.prepare("PRAGMA page_count").get()?.page_count);
    db.close();
    return count;
  };
  const round = async () => {
    const events = Array.from({ length: 1000 }, () =>
      newEvent("activity", { taskId: "t1", message: "x".repeat(500) }),
    );
    await store.append(events);
    while (await store.prune({ keepEvents: 1000, receiptsBefore: "2000-01-01T00:00:00.000Z" }));
  };
  for (let rounds = 0; rounds < 3; rounds++) await round();
  const before = pages();
  for (let rounds = 0; rounds < 10; rounds++) await round();
  assert.ok(pages() <= before * 1.05, `${before} pages grew to ${pages()}`);
});
