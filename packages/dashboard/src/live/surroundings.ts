import type { Surroundings } from "./connection.ts";

/** The browser's own clock, network and dice, in a page or in a worker. */
export function browserSurroundings(): Surroundings {
  return {
    fetch: globalThis.fetch.bind(globalThis),
    now: () => performance.now(),
    wallClock: Date.now,
    random: Math.random,
    isOnline: () => navigator.onLine,
  };
}
