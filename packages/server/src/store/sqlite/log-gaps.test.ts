import assert from "node:assert/strict";
import { cpSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { newEvent } from "../../../test/conformance/engine.ts";
import { StreamServer } from "../../../test/support/stream-server.ts";
import { decodeFrame } from "../event-frame.ts";
import { eventsBetween, idBefore } from "../log-gaps.ts";

import { SqliteStore } from "./sqlite-store.ts";

const now = () => new Date();
const at = (time: Date) => ({ receivedAt: time.toISOString() });

/** Writes events and stops. Resolves to the newest id. */
async function write(folder: string, count: number, time = now()): Promise<number> {
  const store = SqliteStore.open({ folder, now });
  const last = await store.append(
    Array.from({ length: count }, () => ({ ...newEvent("activity"), ...at(time) })),
  );
  await store.close();
  return last ?? assert.fail();
}

/** A folder whose server wrote 10 events, and 10 more after a copy was made, which was then put in its place. */
async function putBack(context: TestContext, time = now()): Promise<string> {
  const place = mkdtempSync(join(tmpdir(), "mission-control-gaps-"));
  context.after(() => rmSync(place, { recursive: true }));
  const folder = join(place, "data");
  const copy = join(place, "copy");
  assert.equal(await write(folder, 10, time), 10);
  cpSync(folder, copy, { recursive: true });
  assert.equal(await write(folder, 10, time), 20);
  rmSync(folder, { recursive: true });
  cpSync(copy, folder, { recursive: true });
  return folder;
}

test("ids go on above all that were given before a copy was put back, however long ago it was made", async (context) => {
  for (const age of [0, 3_600_000]) {
    const folder = await putBack(context, new Date(Date.now() - age));
    const first = await write(folder, 1);
    assert.ok(first > 1_000_000 && first > age * 100, `${first}`);
    assert.equal(await write(folder, 1), first + 1, "a later start leaves nothing out");
  }
});

test("a folder that is moved as a whole leaves nothing out", async (context) => {
  const place = mkdtempSync(join(tmpdir(), "mission-control-gaps-"));
  context.after(() => rmSync(place, { recursive: true }));
  await write(join(place, "data"), 10);
  renameSync(join(place, "data"), join(place, "moved"));
  assert.equal(await write(join(place, "moved"), 1), 11);
});

test("the marker, where it was taken away to go on with an older copy, leaves ids out", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "mission-control-gaps-"));
  context.after(() => rmSync(folder, { recursive: true }));
  await write(folder, 10);
  rmSync(join(folder, "mission-control.instance"));
  assert.ok((await write(folder, 1)) > 1_000_000);
});

test("a position that was lost gets one reset; one from before it, or behind it, is resumed", async (context) => {
  const folder = await putBack(context);
  const server = await StreamServer.open({ seenAs: () => SqliteStore.open({ folder, now }) });
  context.after(() => server.close());
  const { newest } = await server.store.range();
  const open = (after: number) => server.reader({ after });
  const [old, lost, current] = [await open(5), await open(15), await open(newest)];
  await Promise.all([old, lost, current].map((reader) => reader.opened()));
  const filtered = await server.reader({ after: 8, filter: { types: ["activity"] } });
  await server.store.append([newEvent("activity")]);
  await Promise.all(
    [old, lost, current, filtered].map((reader) => reader.until(() => reader.lastId > newest)),
  );
  assert.deepEqual(old.ids, [6, 7, 8, 9, 10, newest + 1]);
  assert.deepEqual(filtered.ids, [9, 10, newest + 1]);
  assert.deepEqual(current.ids, [newest + 1]);
  assert.deepEqual(lost.events[0], { id: newest, type: "reset", data: { oldest: 1, newest } });
  assert.deepEqual(lost.ids, [newest, newest + 1]);
});

test("retention counts events, not the ids that were left out", async (context) => {
  const folder = await putBack(context);
  const store = SqliteStore.open({ folder, now });
  await store.append([newEvent("activity"), newEvent("activity")]);
  const { newest } = await store.range();
  const prune = async (keepEvents: number) => {
    while (await store.prune({ keepEvents, receiptsBefore: "2000-01-01T00:00:00.000Z", rows: 2 }));
    const { frames } = await store.frames({ after: 0, upTo: newest, maxBytes: 1e6 }, {});
    const ids = Buffer.from(frames).toString().split("\n\n").filter(Boolean);
    return ids.map((frame) => decodeFrame(`${frame}\n\n`).id);
  };
  assert.deepEqual(await prune(5), [8, 9, 10, newest - 1, newest]);
  assert.equal((await store.range()).oldest, 8);
  assert.deepEqual(await prune(2), [newest - 1, newest]);
  assert.equal((await store.range()).oldest, newest - 1);
  assert.deepEqual(await prune(1), [newest]);
  await store.close();
});

test("so many ids back from the newest, gaps left out", () => {
  const gaps = [
    { from: 11, to: 20 },
    { from: 31, to: 40 },
  ];
  const kept = [50, 45, 40, 25, 20, 3];
  assert.deepEqual(
    kept.map((id) => idBefore(countAfter(id, gaps), 50, gaps)),
    kept,
  );
});

test("so many events between two ids, gaps left out", () => {
  const gaps = [
    { from: 11, to: 20 },
    { from: 31, to: 40 },
  ];
  for (let after = 0; after <= 50; after++) {
    assert.equal(eventsBetween(after, 50, gaps), countAfter(after, gaps), `after ${after}`);
    assert.equal(
      eventsBetween(0, after, gaps),
      countAfter(0, gaps) - countAfter(after, gaps),
      `up to ${after}`,
    );
  }
  assert.equal(eventsBetween(50, 40, gaps), 0);
  assert.equal(eventsBetween(3, 8), 5);
});

/** How many ids after `id` and up to 50 are in no gap. */
function countAfter(id: number, gaps: readonly { from: number; to: number }[]): number {
  const ids = Array.from({ length: 50 - id }, (_, index) => id + 1 + index);
  return ids.filter((one) => !gaps.some(({ from, to }) => one >= from && one <= to)).length;
}
