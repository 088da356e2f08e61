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

/** Ids of the processes that have, or inherited, this variable; the oldest first. */
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
    .map(Number)
    .sort((a, b) => startOf(a) - startOf(b));
}

/** When a process was started, in ticks of the kernel's; ids begin again from below (proc_pid_stat(5)). */
function startOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field, the program's name, may hold anything: what follows stands behind its last parenthesis.
    return Number(status.slice(status.lastIndexOf(")") + 2).split(" ")[19]);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
