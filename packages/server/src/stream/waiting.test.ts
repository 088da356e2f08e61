import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamServer } from "../../test/support/stream-server.ts";
import type { Store } from "../store/store.ts";

test("what comes is urgent while a stream is open, and only then", async (context) => {
  let isUrgent = false;
  let changed = () => {};
  const server = await StreamServer.open({
    seenAs: (store) =>
      new Proxy(store, {
        get(target, name: keyof Store) {
          if (name === "follow") {
            return (...how: Parameters<Store["follow"]>) => {
              const follower = target.follow(...how);
              const setUrgent = (now: boolean) => {
                follower.setUrgent(now);
                isUrgent = now;
                changed();
              };
              return { ...follower, setUrgent };
            };
          }
          const value: unknown = target[name];
          return typeof value === "function" ? value.bind(target) : value;
        },
      }),
  });
  context.after(() => server.close());
  assert.equal(isUrgent, false);
  const readers = [await server.reader(), await server.reader()];
  await Promise.all(readers.map((reader) => reader.opened()));
  assert.equal(isUrgent, true);
  const last = new Promise<void>((resolve) => {
    changed = resolve;
  });
  for (const reader of readers) reader.close();
  await last;
  assert.equal(isUrgent, false);
  assert.equal(server.hub.size, 0);
});
