import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { SqliteStore } from "../store/sqlite/sqlite-store.ts";
import type { Store } from "../store/store.ts";
import { Counting } from "./counting.ts";

const HOUR_MS = 3600_000;

test("a server that starts counts the past when it has gathered what comes meanwhile, not before it answers", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "mission-control-counting-"));
  const real = SqliteStore.open({ folder });
  const looked = Promise.withResolvers<void>();
  const followed = Promise.withResolvers<void>();
  let looks = 0;
  const store: Store = new Proxy(real, {
    get(target, name) {
      if (name === "uncountedFacts") {
        looks++;
        looked.resolve();
      }
      if (name === "follow") followed.resolve();
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const now = () => new Date();
  const logger = { error: assert.fail };
  const waiting = new Counting({ store, now, logger, gatherMs: HOUR_MS });
  t.after(async () => {
    await real.close();
    rmSync(folder, { recursive: true });
  });
  await followed.promise;
  for (let turns = 0; turns < 20; turns++) await turn();
  assert.equal(looks, 0);
  await waiting.close();
  const counting = new Counting({ store, now, logger, gatherMs: 0 });
  await looked.promise;
  await counting.close();
});
