import { randomInt } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type ExecAgentOptions, type Runner, runExecAgent } from "../src/index.ts";
import { MissionControlDouble } from "./mission-control-double.ts";

/** Mission Control's double, a folder of its own, and the runner under test; struck with all of it by `close`. */
export class Stage {
  readonly control = new MissionControlDouble();
  readonly folder = mkdtempSync(join(tmpdir(), "mc-runner-"));
  readonly work = mkdtempSync(join(this.folder, "work-"));
  readonly data = join(this.folder, "data");
  readonly warnings: string[] = [];
  readonly #runners: Runner[] = [];

  static async open(): Promise<Stage> {
    const stage = new Stage();
    await stage.control.listen();
    return stage;
  }

  /** What a runner on this stage is started with. */
  get options() {
    return {
      server: this.control.url,
      token: this.control.token,
      cwd: this.work,
      env: { ...process.env, MISSION_CONTROL_DATA_DIR: this.data } as NodeJS.ProcessEnv,
      onWarning: (warning: string) => void this.warnings.push(warning),
    };
  }

  async exec(command: string, options: Partial<ExecAgentOptions> = {}): Promise<Runner> {
    const runner = await runExecAgent({ ...this.options, name: "fake", exec: command, ...options });
    this.#runners.push(runner);
    return runner;
  }

  async close(): Promise<void> {
    await Promise.all(this.#runners.map((runner) => runner.close()));
    await this.control.close();
    rmSync(this.folder, { recursive: true });
  }
}

const unique = randomInt(1_000_000_000);

/** A command that sleeps, and that no other run of the tests on this machine has, or had and left behind. */
export function nap(seconds: number): string {
  return `sleep ${seconds}.${unique}`;
}

/** Whether any process runs exactly this command, wherever its program lies; one that has it as an argument does not. */
export function isRunning(command: string): boolean {
  return anyProcess("cmdline", (line) => {
    const [program = "", ...args] = line.split("\0").slice(0, -1);
    return [basename(program), ...args].join(" ") === command;
  });
}

/** Whether any process has, or inherited, this variable. */
export function hasInherited(name: string, value: string): boolean {
  return anyProcess("environ", (variables) => `\0${variables}`.includes(`\0${name}=${value}\0`));
}

function anyProcess(file: "cmdline" | "environ", matches: (content: string) => boolean): boolean {
  return readdirSync("/proc").some((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return matches(readFileSync(`/proc/${pid}/${file}`, "utf8"));
    } catch {
      return false; // It has ended, or is somebody else's.
    }
  });
}

/** Processes and files tell no one when they change, so they are looked at again and again. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}
