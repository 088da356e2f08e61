import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";

/**
 * Ids of the processes that run exactly this command, wherever its program lies; not of those that have it as an
 * argument.
 */
export function processesOf(command: string): number[] {
  return matching("cmdline", (line) => {
    const [program = "", ...args] = line.split("\0").slice(0, -1);
    return [basename(program), ...args].join(" ") === command;
  });
}

/** Ids of the processes that have, or inherited, this variable. */
export function processesWith(name: string, value: string): number[] {
  return matching("environ", (variables) => `\0${variables}`.includes(`\0${name}=${value}\0`));
}

export function isRunning(command: string): boolean {
  return processesOf(command).length > 0;
}

/** Processes and files tell no one when they change, so they are looked at again and again. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

function matching(file: "cmdline" | "environ", matches: (content: string) => boolean): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return matches(readFileSync(`/proc/${pid}/${file}`, "utf8"));
      } catch {
        return false; // It has ended, or is somebody else's.
      }
    })
    .map(Number);
}
