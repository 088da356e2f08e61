import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { newEvent } from "../../test/conformance/engine.ts";
import { SqliteStore } from "../store/sqlite/sqlite-store.ts";
import { LogSource } from "./log-source.ts";

test("what left the log unread is counted by its events, not by the ids that a copy put back leaves out", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "mission-control-source-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const events = (count: number) => Array.from({ length: count }, () => newEvent("activity"));
  const before = SqliteStore.open({ folder, now: () => new Date() });
  assert.equal(await before.append(events(10)), 10);
  await before.close();
  rmSync(join(folder, "mission-control.instance"));
  const store = SqliteStore.open({ folder, now: () => new Date() });
  await store.append(events(5));
  const { newest } = await store.range();
  assert.ok(newest > 1_000_000, "ids were left out");
  const source = new LogSource(store, newest);
  assert.equal((await source.read(6, {})).skipped, 0);
  const policy = { keepEvents: 3, receiptsBefore: "2000-01-01T00:00:00.000Z", rows: 4 };
  while (await store.prune(policy));
  const { events: read, skipped } = await source.read(6, {});
  assert.deepEqual(
    read.map(({ id }) => id),
    [newest - 2, newest - 1, newest],
  );
  assert.equal(skipped, 6, "7 to 10, and two behind the gap");
  await store.close();
});
