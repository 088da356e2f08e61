import { type ChildProcessByStdio, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";

/** Every process begun for a run inherits this variable, so that even one that left the group can be found. */
const MARK = "MISSION_CONTROL_RUN_MARK";
const STDERR_TAIL = 4096;
const DEFAULT_GRACE_MS = 3000;
/** How long output may take to come through after the end, should a process that got away hold the pipes. */
const DRAIN_MS = 1000;

/** How a process ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface GroupOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Names the run; everything the program begins inherits it. */
  mark: string;
}

/**
 * A program in a process group of its own, so that it can be ended together with everything it began: agents leave
 * tools behind when they are killed, and some outlive their parent's SIGTERM.
 */
export class ProcessGroup {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Resolves when the program itself has ended; rejects when it could not be started. */
  readonly exited: Promise<Exit>;
  readonly #mark: string;
  /** Resolves when its output is through as well. */
  readonly #closed: Promise<unknown>;
  #stderr = "";
  #running = true;

  /** @param command the program and its arguments; no shell reads them */
  constructor(command: readonly string[], options: GroupOptions) {
    const [program = "", ...args] = command;
    this.#mark = options.mark;
    this.child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...options.env, [MARK]: options.mark },
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    this.exited = new Promise((resolve, reject) => {
      this.child.once("exit", (code, signal) => {
        this.#running = false;
        resolve({ code, signal });
      });
      this.child.once("error", (error) => {
        this.#running = false;
        reject(new Error(`"${program}" could not be started: ${startFailure(error, options.cwd)}`));
      });
    });
    this.exited.catch(() => {});
    this.#closed = new Promise((resolve) => this.child.once("close", resolve));
    this.child.stdin.on("error", () => {}); // The program may close its input; its exit tells more.
    this.child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL);
    });
  }

  /** The last it wrote to stderr. */
  get stderrTail(): string {
    return this.#stderr.trim();
  }

  /**
   * Ends the whole group: SIGTERM, and after `graceMs` SIGKILL, also to those that left it. Resolves when none is
   * left and what they had printed was read.
   */
  async end(graceMs: number = DEFAULT_GRACE_MS): Promise<void> {
    if (this.#running) {
      this.#signal("SIGTERM");
      await within(graceMs, this.exited);
    }
    this.#signal("SIGKILL");
    await this.exited.catch(() => {});
    await endMarked(this.#mark);
    await within(DRAIN_MS, this.#closed);
    for (const stream of [this.child.stdin, this.child.stdout, this.child.stderr]) stream.destroy();
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** Ends every process of a run, also those that left its group; only Linux shows other processes' environment. */
export async function endMarked(mark: string): Promise<void> {
  // What a dying process begins may escape one sweep, but not the ones after its death.
  while (process.platform === "linux" && killMarked(mark) > 0) await wait(10);
}

function killMarked(mark: string): number {
  const needle = `${MARK}=${mark}\0`;
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

/** Waits until a promise is settled, but no longer than `ms`. */
async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  const patience = new AbortController();
  const late = wait(ms, undefined, { signal: patience.signal }).catch(() => {});
  await Promise.race([promise.catch(() => {}), late]);
  patience.abort();
}

/** How a process ended, in words: "exit code 3", "SIGKILL". */
export function describeExit({ code, signal }: Exit): string {
  return signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
}

/** Empty for processes of others, for zombies and for those that are gone. */
function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return "";
  }
}

function startFailure(error: Error, cwd: string): string {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") return error.message;
  return `it is not on the PATH (or the folder ${cwd} does not exist).`;
}
