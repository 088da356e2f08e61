import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";

const STOP_LIMIT_MS = 15_000;
const START_LIMIT_MS = 60_000;
const POLL_MS = 5;

export interface Launch {
  command: string;
  args: string[];
  env?: Record<string, string>;
  cwd?: string;
  /** Answers any HTTP status under 500 there once the process serves. */
  readyUrl: string;
}

/** A started process and what it takes to end it. */
export interface Running {
  pid: number;
  /** Milliseconds from the start to the first answer. */
  readyAfter: number;
  /** What it printed so far, the end of it. */
  output(): string;
  stop(): Promise<void>;
}

/** Starts a process and waits until it answers. @throws Error with its output when it ends before */
export async function launch({ command, args, env, cwd, readyUrl }: Launch): Promise<Running> {
  const startedAt = performance.now();
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const keep = (chunk: Buffer) => {
    output = (output + chunk).slice(-4000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  let spawnError: Error | undefined;
  child.on("error", (error) => {
    spawnError = error;
  });
  const stop = () => end(child);
  while (!(await answers(readyUrl))) {
    const ended = spawnError ?? (hasEnded(child) ? new Error("it ended") : undefined);
    const isLate = performance.now() - startedAt > START_LIMIT_MS;
    if (ended || isLate) {
      if (!ended) await stop();
      throw new Error(
        `${command} ${args.join(" ")} did not start: ${ended?.message ?? "no answer"}\n${output}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return { pid: child.pid as number, readyAfter: performance.now() - startedAt, output: () => output, stop };
}

/** A port nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
    return response.status < 500;
  } catch {
    return false;
  }
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const force = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
  await ended;
  clearTimeout(force);
}
