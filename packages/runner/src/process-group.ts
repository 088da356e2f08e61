import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { findProgram } from "./find-program.ts";
import { GroupGuard } from "./group-guard.ts";
import { endMarked, RUN_MARK } from "./run-mark.ts";

const STDERR_TAIL = 4096;
const DEFAULT_GRACE_MS = 3000;
/** How long output may take to come through after the end, should a process that got away hold the pipes. */
const DRAIN_MS = 1000;

/**
 * What the group's first process runs until its guard is there: it becomes the program at a line on its input, and ends
 * when the input ends without one, for then the runner is gone. `read` takes that line and not a byte more.
 */
const GATE = 'read -r _ && exec "$@"';

/** How a process ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface GroupOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Names the run, and no other; everything the program begins inherits it. */
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

  /**
   * @param command the program and its arguments; no shell takes them for anything else
   * @throws Error when there is no such program, or the system takes no such call
   */
  constructor(command: readonly string[], options: GroupOptions) {
    const { cwd, mark } = options;
    const [program = "", ...args] = command;
    this.#mark = mark;
    const failure = (reason: string) => new Error(`"${program}" could not be started: ${reason}`);
    const path = findProgram(program, options.env.PATH ?? "", [cwd]);
    if (path === undefined) throw failure("it is not there any more.");
    try {
      this.child = spawn("/bin/sh", ["-c", GATE, "mission-control-gate", path, ...args], {
        cwd,
        env: { ...options.env, [RUN_MARK]: mark },
        stdio: ["pipe", "pipe", "pipe"],
        detached: true,
      });
    } catch (error) {
      throw failure(startFailure(error, cwd));
    }
    const guard = this.child.pid === undefined ? undefined : new GroupGuard(this.child.pid);
    this.exited = new Promise((resolve, reject) => {
      this.child.once("exit", (code, signal) => {
        // Now or never: once the last of the group is gone, its id may be given to another program.
        this.#signal("SIGKILL");
        this.#running = false;
        guard?.release();
        resolve({ code, signal });
      });
      this.child.once("error", (error) => {
        this.#running = false;
        reject(failure(startFailure(error, cwd)));
      });
    });
    this.exited.catch(() => {});
    this.#closed = new Promise((resolve) => this.child.once("close", resolve));
    this.child.stdin.on("error", () => {}); // The program may close its input; its exit tells more.
    this.child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL);
    });
    this.child.stdin.write("\n");
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
    this.#signal("SIGTERM");
    if (this.#running) await within(graceMs, this.exited);
    this.#signal("SIGKILL");
    await this.exited.catch(() => {});
    await endMarked(this.#mark);
    await within(DRAIN_MS, this.#closed);
    for (const stream of [this.child.stdin, this.child.stdout, this.child.stderr]) stream.destroy();
  }

  #signal(signal: NodeJS.Signals): void {
    if (!this.#running || this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, signal);
    } catch (error) {
      // macOS answers EPERM where only zombies are left of a group.
      const { code = "" } = error as NodeJS.ErrnoException;
      if (code !== "ESRCH" && code !== "EPERM") throw error;
    }
  }
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

function startFailure(error: unknown, cwd: string): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return `the folder ${cwd} is not there any more.`;
  if (code === "E2BIG") return "its arguments and environment are longer than the system takes.";
  return message;
}
