import { readFileSync } from "node:fs";

/**
 * A mark for a process that no later process will carry: its id, when it started and, where the kernel tells it,
 * which boot that was. A bare process id would come back after a reboot.
 */
export function ownerMark(pid: number = process.pid): string {
  return `${pid}_${readStart(pid) ?? "0"}_${bootId()}`;
}

/**
 * Whether the process behind a mark still runs. A process of another container cannot be seen and counts as gone;
 * taking over its callbacks does no harm, because they keep their ids and their order.
 */
export function isAlive(mark: string): boolean {
  const [pid, start, boot] = mark.split("_");
  const id = Number(pid);
  if (!Number.isInteger(id) || id <= 0 || boot !== bootId()) return false;
  const running = readStart(id);
  if (start !== "0" || running !== undefined) return running === start;
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Clock ticks since boot at which a living process started; only Linux tells. */
function readStart(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  // "pid (name) state ppid …": the name may hold spaces and brackets, so fields are counted from its end.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields?.[0] === "Z" ? undefined : fields?.[19];
}

let boot: string | undefined;

function bootId(): string {
  boot ??= read("/proc/sys/kernel/random/boot_id")?.slice(0, 8) ?? "0";
  return boot;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
