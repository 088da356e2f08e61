import { spawn } from "node:child_process";

/** A line on its input lets it go; the input's end without one means that the runner is gone. */
const SCRIPT = 'read -r released || kill -s KILL -- "-$1"';

/**
 * Ends a process group should this process die before it could (SIGKILL, out of memory): a small shell waits for the
 * end of a pipe that only this process holds open. It acts at once, while the group's id cannot yet have been given
 * to another.
 */
export class GroupGuard {
  readonly #shell;

  /** @param group the group's id, which is the process id of its leader */
  constructor(group: number) {
    this.#shell = spawn("/bin/sh", ["-c", SCRIPT, "mission-control-guard", String(group)], {
      cwd: "/",
      env: {},
      stdio: ["pipe", "ignore", "ignore"],
      // Ctrl-C in the runner's terminal is not for it.
      detached: true,
    });
    // Without it, what is left is ended when the runner is started again.
    this.#shell.on("error", () => {});
    this.#shell.stdin.on("error", () => {});
    this.#shell.unref();
    (this.#shell.stdin as unknown as { unref(): void }).unref();
  }

  /** To be called when the group has ended. */
  release(): void {
    this.#shell.stdin.end("\n");
  }
}
