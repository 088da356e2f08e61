import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type AcpAgentOptions, type Runner, runAcpAgent } from "../src/index.ts";
import { processesWith } from "./processes.ts";
import { Stage } from "./stage.ts";

const FAKE = fileURLToPath(new URL("./fake-acp-agent.ts", import.meta.url));
const ACP = `"${process.execPath}" --disable-warning=ExperimentalWarning "${FAKE}"`;

/** A stage with the fake ACP agent on it, run by one runner at a time. */
export class AcpBench {
  readonly stage: Stage;
  readonly #log: string;
  #runner: Runner | undefined;

  private constructor(stage: Stage) {
    this.stage = stage;
    this.#log = join(stage.folder, "agent.log");
    writeFileSync(this.#log, "");
  }

  static async open(): Promise<AcpBench> {
    return new AcpBench(await Stage.open());
  }

  get control() {
    return this.stage.control;
  }

  /** Starts the runner; `fake` are the fake agent's settings (FAKE_…). */
  async start(options: Partial<AcpAgentOptions> = {}, fake: Record<string, string> = {}): Promise<Runner> {
    const common = this.stage.options;
    this.#runner = await runAcpAgent({
      ...common,
      name: "fake",
      acp: ACP,
      env: { ...common.env, FAKE_LOG: this.#log, ...fake },
      passEnv: ["FAKE_*"],
      ...options,
    });
    return this.#runner;
  }

  /** The runner that was started last, if it was not stopped. */
  get runner(): Runner | undefined {
    return this.#runner;
  }

  async stop(): Promise<void> {
    await this.#runner?.close();
    this.#runner = undefined;
  }

  /** Gives it a task of these steps, and waits for its end. */
  async run(dispatchId: string, ...steps: string[]) {
    await this.control.dispatch(dispatchId, { description: steps.join("\n") });
    return this.control.outcome(dispatchId);
  }

  /** What the agent was asked for, a line each. */
  get log(): string[] {
    return readFileSync(this.#log, "utf8").trim().split("\n");
  }

  /** Ids of the fake agent's process and of those that it began; the oldest first. */
  get agentProcesses(): number[] {
    return processesWith("FAKE_LOG", this.#log);
  }

  get isAgentRunning(): boolean {
    return this.agentProcesses.length > 0;
  }

  /** What the agent was asked for since its session was last opened, but for the prompt. */
  get lastStart(): string[] {
    const { log } = this;
    const opened = log.findLastIndex((line) => /^(new|load) /.test(line));
    return log.slice(opened).filter((line) => !line.startsWith("prompt"));
  }

  async close(): Promise<void> {
    await this.stop();
    await this.stage.close();
  }
}
