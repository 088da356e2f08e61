import { randomUUID } from "node:crypto";
import { basename } from "node:path";
import type { Clock } from "@mission-control/agent";
import type { PermissionPolicy } from "../permission-policy.ts";
import { type Job, type JobResult, type Program, ProgramDiedError, RunFailedError } from "../program.ts";
import { AcpAgent } from "./acp-agent.ts";
import { askingEnvironment } from "./known-agents.ts";
import { modeFor, modesOf } from "./modes.ts";
import { Turn } from "./turn.ts";

export interface AcpProgramOptions {
  /** The agent and its arguments, e.g. `["claude-agent-acp"]`. */
  command: readonly string[];
  permissions: PermissionPolicy;
  /** A mode of the agent's own, e.g. Codex' `workspace-write`. */
  mode?: string | undefined;
  /** A way to log in, as the agent calls it, to be taken before each session. */
  authMethod?: string | undefined;
  env: NodeJS.ProcessEnv;
}

/** An agent that dies before it was given the task is started again after these waits, in milliseconds. */
const START_WAITS = [500, 2000];

/** Runs each task as one turn of an agent that speaks the Agent Client Protocol. */
export class AcpProgram implements Program {
  readonly #options: AcpProgramOptions;

  constructor(options: AcpProgramOptions) {
    const asking = options.permissions === "allow" ? {} : askingEnvironment(options.command);
    this.#options = { ...options, env: { ...asking, ...options.env } };
  }

  get name(): string {
    return basename(this.#options.command[0] ?? "");
  }

  /** Opens a session and closes it again, which shows whether the agent can be run as it is wanted. */
  async check(folder: string, clock: Clock, signal?: AbortSignal): Promise<void> {
    const { command, env, authMethod } = this.#options;
    const agent = new AcpAgent({
      command,
      env,
      clock,
      cwd: folder,
      mark: `check-${randomUUID()}`,
      onUpdate: () => {},
      onPermission: async () => ({ outcome: { outcome: "cancelled" } }),
    });
    const stop = () => void agent.close();
    signal?.addEventListener("abort", stop, { once: true });
    try {
      await agent.initialize(authMethod);
      const session = await agent.newSession(folder);
      modeFor({ ...this.#options, agent: agent.name }, modesOf(session), agent.known);
    } finally {
      signal?.removeEventListener("abort", stop);
      await agent.close();
    }
  }

  async run(job: Job): Promise<JobResult> {
    for (const wait of [...START_WAITS, undefined]) {
      const turn = new Turn(job, this.#options);
      try {
        return await turn.run();
      } catch (error) {
        job.signal.throwIfAborted();
        if (turn.prompted || wait === undefined || !(error instanceof ProgramDiedError)) throw error;
        job.narrator.say(`${error.message} Starting it again.`);
        await job.clock.sleep(wait, job.signal);
      } finally {
        await turn.close();
      }
    }
    throw new RunFailedError(`${this.name} could not be started.`);
  }
}
