import { readFileSync } from "node:fs";

const TICKS_PER_SECOND = 100;

/** CPU time a process has used in all its threads so far, in seconds (Linux `/proc/PID/stat`). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** CPU time that a process and its children, those that run, have used so far, in seconds. */
export function cpuSecondsOfFamily(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  const ofChild = (child: string) => {
    try {
      return cpuSeconds(Number(child));
    } catch {
      // It has ended meanwhile.
      return 0;
    }
  };
  return children.filter(Boolean).reduce((sum, child) => sum + ofChild(child), cpuSeconds(pid));
}

/** What a process holds: `resident` (VmRSS) and `proportional` (PSS: shared pages divided), in bytes. */
export function memory(pid: number): { resident: number; proportional: number } {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return { resident: kibibytes(rollup, "Rss"), proportional: kibibytes(rollup, "Pss") };
}

function kibibytes(text: string, field: string): number {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(text);
  if (!match) throw new Error(`/proc has no field ${field}.`);
  return Number(match[1]) * 1024;
}

/** Measures the CPU share (1 is one core) a process uses between the call and the call of the answer. */
export function watchCpu(pid: number): () => number {
  const cpuBefore = cpuSeconds(pid);
  const startedAt = performance.now();
  return () => (cpuSeconds(pid) - cpuBefore) / ((performance.now() - startedAt) / 1000);
}

/** Waits until the process's resident memory moved less than 1 % over `everyMs`, at most ten times that. */
export async function settledMemory(pid: number, everyMs: number): Promise<ReturnType<typeof memory>> {
  let before = memory(pid);
  for (let look = 0; ; look++) {
    await new Promise((resolve) => setTimeout(resolve, everyMs));
    const now = memory(pid);
    const moved = Math.abs(now.resident - before.resident) / before.resident;
    if (moved < 0.01 || look === 9) return now;
    before = now;
  }
}
