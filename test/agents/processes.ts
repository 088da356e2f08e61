import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

/** Ids of processes that have the text in their command line. */
export function processes(text: string): number[] {
  return matching("cmdline", (line) => line.replaceAll("\0", " ").includes(text));
}

/** All processes that belong to runs in this home, by the environment they inherited. */
export function agentsIn(home: string): number[] {
  return matching("environ", (environment) => environment.includes(`HOME=${home}\0`));
}

/** Processes tell no one when they come and go. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await wait(20);
}

function matching(file: string, matches: (content: string) => boolean): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return matches(readFileSync(`/proc/${pid}/${file}`, "latin1"));
      } catch {
        return false; // It has ended meanwhile.
      }
    })
    .map(Number);
}
