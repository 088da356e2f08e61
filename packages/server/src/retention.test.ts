import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Retention } from "./retention.ts";
import { newEvent } from "./store/conformance/engine.ts";
import { SqliteStore } from "./store/sqlite/sqlite-store.ts";

const KEPT = 200;

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
