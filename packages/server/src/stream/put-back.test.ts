import assert from "node:assert/strict";
import { test } from "node:test";
import { newEvent } from "../../test/conformance/engine.ts";
import { StreamServer } from "../../test/support/stream-server.ts";
import type { LogRange, Store } from "../store/store.ts";

/** A server whose log is said to hold what `range` tells, once that is set. */
async function open(put: { range: LogRange | null }) {
  const server = await StreamServer.open({
    seenAs: (store) =>
      new Proxy(store, {
        get(target, name: keyof Store) {
          if (name === "range") return async () => put.range ?? (await target.range());
          const value: unknown = target[name];
          return typeof value === "function" ? value.bind(target) : value;
        },
      }),
  });
  const live = await server.reader();
  await live.opened();
  await server.store.append(Array.from({ length: 9 }, () => newEvent("activity")));
  await live.until(() => live.lastId === 9);
  return server;
}

for (const [name, range] of [
  ["ends before what this node knows", { oldest: 1, newest: 3 }],
  ["has left out what this node knows", { oldest: 1, newest: 1000, gaps: [{ from: 4, to: 1000 }] }],
] as const) {
  test(`a reader that comes back to a log that ${name} is given nothing of before`, async (context) => {
    const put: { range: LogRange | null } = { range: null };
    const server = await open(put);
    context.after(() => server.close());
    put.range = range;
    for (const after of [1, 3, 5, 9]) {
      const reader = await server.reader({ after });
      await reader.until(() => reader.ended || reader.events.length > 0);
      assert.deepEqual(reader.events, []);
      assert.equal(reader.retries.length, 1);
    }
  });
}
