import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

/** Every process begun for a run inherits this variable, so that even one that left its process group can be found. */
export const RUN_MARK = "MISSION_CONTROL_RUN_MARK";
/** How long to look for processes that do not go: one in the kernel's hands dies when that lets it. */
const SWEEP_MS = 5000;

/**
 * Ends every process of a run, also those that left its group, and after a restart of the runner those that an
 * earlier one left. A mark is random and given once: unlike a process id, it names no other program. Only Linux shows
 * other processes' environment.
 */
export async function endMarked(mark: string): Promise<void> {
  if (process.platform !== "linux") return;
  const until = performance.now() + SWEEP_MS;
  // What a dying process begins may escape one sweep, but not the ones after its death.
  while (killMarked(mark) > 0 && performance.now() < until) await wait(10);
}

function killMarked(mark: string): number {
  const needle = `${RUN_MARK}=${mark}\0`;
  let killed = 0;
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || !environmentOf(pid).includes(needle)) continue;
    try {
      process.kill(pid, "SIGKILL");
      killed++;
    } catch {
      // It ended by itself meanwhile.
    }
  }
  return killed;
}

/** Empty for processes of others, for zombies and for those that are gone. */
function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return "";
  }
}
