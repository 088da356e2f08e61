import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
