import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
/** The runtime's own flags, so that a child reads the same sources as the test. */
const NODE_FLAGS = [
  ...process.execArgv.filter((flag) => flag.startsWith("--conditions")),
  "--disable-warning=ExperimentalWarning",
];

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A command that runs: its standard output line by line, what it wrote to the standard error, its end. */
export interface Running {
  child: ChildProcess;
  /** The next line of the standard output. */
  line(): Promise<string>;
  /** The next line that matches; those before it are passed over. */
  lineLike(pattern: RegExp): Promise<string>;
  stderr(): string;
  finished: Promise<Finished>;
}

/** The environment of a command: nothing of the test's own settings. */
function environment(more: Record<string, string>): NodeJS.ProcessEnv {
  const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
  return { PATH, HOME, NODE_COMPILE_CACHE, ...more };
}

/**
 * Starts `mission-control` as its own process.
 * @param input what its standard input holds
 */
export function start(args: readonly string[], env: Record<string, string> = {}, input = ""): Running {
  const child = spawn(process.execPath, [...NODE_FLAGS, MAIN, ...args], {
    env: environment(env),
    stdio: ["pipe", "pipe", "pipe"],
  });
  // A command that wants no input may end before it is given any.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  let stdout = "";
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => {
    stdout += `${line}\n`;
  });
  const iterator = lines[Symbol.asyncIterator]();
  const line = async () => {
    const next = await iterator.next();
    if (next.done) throw new Error(`mission-control ${args.join(" ")} ended; it wrote: ${stderr}`);
    return next.value;
  };
  return {
    child,
    line,
    lineLike: async (pattern) => {
      for (;;) {
        const text = await line();
        if (pattern.test(text)) return text;
      }
    },
    stderr: () => stderr,
    finished: once(child, "close").then(([code]) => ({ code: code as number | null, stdout, stderr })),
  };
}

/** Runs `mission-control` to its end. */
export function run(
  args: readonly string[],
  env: Record<string, string> = {},
  input = "",
): Promise<Finished> {
  return start(args, env, input).finished;
}
