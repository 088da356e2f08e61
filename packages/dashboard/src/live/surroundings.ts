import type { Surroundings } from "./connection.ts";

/**
 * The browser's own clock, network and dice, in a page or in a worker.
 * @param basePath the path under which the server is; what is asked of it goes there
 */
export function browserSurroundings(basePath: string): Surroundings {
  return {
    fetch: (path, init) => fetch(`${basePath}${path}`, init),
    now: () => performance.now(),
    wallClock: Date.now,
    random: Math.random,
    isOnline: () => navigator.onLine,
  };
}
