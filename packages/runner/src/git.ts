import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { RunFailedError } from "./program.ts";

const run = promisify(execFile);

/** How long one command may take, in milliseconds, unless told otherwise. */
const TIMEOUT_MS = 60_000;
/** The most that is read of a command's output, in bytes. */
const MAX_OUTPUT = 32 * 1024 * 1024;

/** Runs git in a folder. */
export class Git {
  readonly folder: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #timeoutMs: number;

  /**
   * @param env its environment, and so that of the repository's hooks
   * @param timeoutMs how long one command may take, in milliseconds
   */
  constructor(folder: string, env: NodeJS.ProcessEnv, timeoutMs = TIMEOUT_MS) {
    this.folder = folder;
    this.#env = env;
    this.#timeoutMs = timeoutMs;
  }

  /** The same git in another folder, with more in its environment, or with another limit of time. */
  with(folder: string, env: NodeJS.ProcessEnv = {}, timeoutMs = this.#timeoutMs): Git {
    return new Git(folder, { ...this.#env, ...env }, timeoutMs);
  }

  /** @returns what it prints, without the white space around it @throws RunFailedError */
  async text(...args: string[]): Promise<string> {
    return (await this.bytes(...args)).toString("utf8").trim();
  }

  /** @throws RunFailedError */
  async bytes(...args: string[]): Promise<Buffer> {
    try {
      const options = { cwd: this.folder, env: this.#env, timeout: this.#timeoutMs, maxBuffer: MAX_OUTPUT };
      const { stdout } = await run("git", args, { ...options, encoding: "buffer" });
      return stdout;
    } catch (error) {
      const { stderr, killed } = error as { stderr?: Buffer; killed?: boolean };
      const why = stderr?.toString("utf8").trim() || (killed ? "it took too long" : String(error));
      const command = args.find((word, index) => !word.startsWith("-") && args[index - 1] !== "-c");
      throw new RunFailedError(`git ${command} failed in ${this.folder}: ${why}`);
    }
  }
}
