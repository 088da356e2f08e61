import { setTimeout as wait } from "node:timers/promises";
import type { Follower, Following, LogEntry, Store } from "../../src/store/store.ts";

const SHORTEST_MS = 1;
const LONGEST_MS = 7;
/** The log comes later than the answers of several calls together. */
const LONGEST_LOG_MS = 40;

/**
 * The same store as it is seen over a network: every answer comes some milliseconds late, and the log is followed
 * later still, after the promises that wrote it have resolved, each follower at a position of its own. What holds
 * with it holds on any engine.
 */
export function lateStore(store: Store): Store {
  return new Proxy(store, {
    get(target, name: keyof Store) {
      if (name === "follow") return (...args: Parameters<Store["follow"]>) => followLate(target, ...args);
      const method = target[name] as ((...args: unknown[]) => unknown) | undefined;
      // Such as `then`, which a store that an async function returns is asked for.
      if (!method) return undefined;
      return async (...args: unknown[]) => {
        const settled = Promise.resolve(method.apply(target, args));
        // What rejects is late too.
        await settled.catch(() => {}).then(() => wait(someMs()));
        return settled;
      };
    },
  });
}

function followLate(
  store: Store,
  after: number,
  listener: (entries: readonly LogEntry[]) => void,
  how?: Following,
): Follower {
  let delivered = Promise.resolve();
  let isClosed = false;
  const follower = store.follow(
    after,
    (entries) => {
      for (const piece of pieces(entries)) {
        delivered = delivered
          .then(() => wait(someMs(LONGEST_LOG_MS)))
          .then(() => {
            if (!isClosed) listener(piece);
          });
      }
    },
    how,
  );
  return {
    setUrgent: (isUrgent) => follower.setUrgent(isUrgent),
    close: () => {
      isClosed = true;
      follower.close();
    },
  };
}

/** Cuts what came together in two, somewhere: a reader of the log stops where its step ends. */
function pieces(entries: readonly LogEntry[]): (readonly LogEntry[])[] {
  const cut = Math.floor(Math.random() * (entries.length + 1));
  return [entries.slice(0, cut), entries.slice(cut)].filter(({ length }) => length > 0);
}

function someMs(longest = LONGEST_MS): number {
  return SHORTEST_MS + Math.random() * (longest - SHORTEST_MS);
}
