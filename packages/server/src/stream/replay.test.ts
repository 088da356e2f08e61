import assert from "node:assert/strict";
import { test } from "node:test";
import { newEvent } from "../../test/conformance/engine.ts";
import { lateStore } from "../../test/support/late-store.ts";
import { StreamServer } from "../../test/support/stream-server.ts";
import type { FrameChunk, Store } from "../store/store.ts";
import { MAX_READS } from "./replay.ts";

/** More than the ring holds, so that what is old has to be read from the store. */
const EVENTS = 3000;
const EVENT_BYTES = 2000;
/** Positions whose steps never meet: a step is longer than they lie apart, and as long for each. */
const POSITIONS = Array.from({ length: MAX_READS * 2 }, (_, index) => index);

/** A server whose store answers late, and whose reads of the log pass by `onRead`. */
async function open(onRead: (after: number, read: () => Promise<FrameChunk>) => Promise<FrameChunk>) {
  const server = await StreamServer.open({
    seenAs: (store) => {
      const late = lateStore(store);
      return new Proxy(late, {
        get(target, name: keyof Store) {
          if (name !== "frames") return target[name];
          return (...[stretch, filter]: Parameters<Store["frames"]>) =>
            onRead(stretch.after, () => target.frames(stretch, filter));
        },
      });
    },
  });
  const message = "x".repeat(EVENT_BYTES);
  await server.store.append(Array.from({ length: EVENTS }, () => newEvent("activity", { message })));
  const live = await server.reader();
  await live.opened();
  // The ring has followed so far as soon as a live reader was sent something new.
  await server.store.append([newEvent("activity")]);
  await live.until(() => live.lastId === EVENTS + 1);
  return server;
}

test("readers at different places of the log do not wait for one another's reads, and a bound holds", async (context) => {
  const full = Promise.withResolvers<void>();
  let underWay = 0;
  let most = 0;
  const server = await open(async (_, read) => {
    most = Math.max(most, ++underWay);
    if (underWay === MAX_READS) full.resolve();
    try {
      await full.promise;
      return await read();
    } finally {
      underWay--;
    }
  });
  context.after(() => server.close());
  const readers = await Promise.all(POSITIONS.map((after) => server.reader({ after })));
  await server.store.append([newEvent("activity")]);
  for (const [index, reader] of readers.entries()) {
    await reader.until(() => reader.lastId === EVENTS + 2);
    const after = POSITIONS[index] ?? 0;
    assert.deepEqual(
      reader.ids,
      Array.from({ length: EVENTS + 2 - after }, (_, n) => after + 1 + n),
      "no gap, nothing twice, in order",
    );
  }
  assert.equal(most, MAX_READS, "reads under way at once");
});

test("a read that takes for ever holds up nobody who reads elsewhere; who reads there shares it", async (context) => {
  const stuck = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  let readsAtStart = 0;
  const server = await open(async (after, read) => {
    if (after === 0) {
      readsAtStart++;
      asked.resolve();
      await stuck.promise;
    }
    return read();
  });
  context.after(() => server.close());
  const held = [await server.reader({ after: 0 }), await server.reader({ after: 0 })];
  await asked.promise;
  const other = await server.reader({ after: 50 });
  await other.until(() => other.lastId === EVENTS + 1);
  assert.ok(held.every(({ events }) => events.length === 0));
  stuck.resolve();
  for (const reader of held) await reader.until(() => reader.lastId === EVENTS + 1);
  assert.equal(readsAtStart, 1);
});
