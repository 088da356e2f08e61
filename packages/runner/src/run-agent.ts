import { AcpProgram } from "./acp/acp-program.ts";
import { CommandLineError, splitCommandLine } from "./command-line.ts";
import { agentEnvironment, withheldKeys } from "./environment.ts";
import { ExecProgram } from "./exec/exec-program.ts";
import { resolveProgram } from "./find-program.ts";
import type { PermissionPolicy } from "./permission-policy.ts";
import { checkPlaceholders } from "./placeholders.ts";
import { type Runner, type RunnerOptions, startRunner } from "./runner.ts";

/** What both kinds of agent are started with; `name` defaults to the program's. */
export type AgentOptions = Omit<RunnerOptions, "program" | "programEnv" | "name" | "pullRequest"> & {
  name?: string | undefined;
  /**
   * The command line that opens a pull request for a task that changed something in its worktree, e.g.
   * `gh pr create --head {branch} --title {title} --body-file -`; the agent's last words come on its input.
   */
  openPr?: string | undefined;
  /**
   * What agents get of the environment besides what programs commonly need: `NAME`, a pattern such as `AWS_*`, or
   * `NAME=VALUE`.
   */
  passEnv?: readonly string[] | undefined;
};

export interface AcpAgentOptions extends AgentOptions {
  /** The command line of an agent that speaks the Agent Client Protocol, e.g. `opencode acp`. */
  acp: string;
  /** Who answers its permission requests. Default `ask`. */
  permissions?: PermissionPolicy | undefined;
  /** A mode of the agent's own. */
  mode?: string | undefined;
  /** A way to log in, as the agent calls it; without one, it must be logged in already. */
  authMethod?: string | undefined;
}

export interface ExecAgentOptions extends AgentOptions {
  /** The command line to run for each task; `{prompt}` in it is the task, else it comes on stdin. */
  exec: string;
}

/**
 * `mission-control agent --acp COMMAND`.
 * @throws CommandLineError, EnvironmentError, RegistrationError, AlreadyRunningError, RunFailedError
 */
export async function runAcpAgent({
  acp,
  permissions = "ask",
  mode,
  authMethod,
  ...options
}: AcpAgentOptions): Promise<Runner> {
  const { command, env } = prepare(splitCommandLine(acp), options);
  return start(new AcpProgram({ command, permissions, mode, authMethod, env }), env, options);
}

/**
 * `mission-control agent --exec COMMAND`.
 * @throws CommandLineError, EnvironmentError, RegistrationError, AlreadyRunningError, RunFailedError
 */
export async function runExecAgent({ exec, ...options }: ExecAgentOptions): Promise<Runner> {
  const words = splitCommandLine(exec);
  checkPlaceholders(words);
  const { command, env } = prepare(words, options);
  return start(new ExecProgram({ command, env }), env, options);
}

/** Everything that can be found wrong before an agent is registered that could never work. */
function prepare(
  words: readonly string[],
  { cwd, passEnv, onWarning, env: own = process.env }: AgentOptions,
): { command: string[]; env: NodeJS.ProcessEnv } {
  const env = agentEnvironment(own, words, passEnv);
  const command = resolveProgram(words, env.PATH, cwd);
  const withheld = withheldKeys(own, env);
  if (withheld.length > 0) {
    onWarning?.(`The agent does not get ${withheld.join(", ")}; --env NAME passes one.`);
  }
  return { command, env };
}

/** @throws CommandLineError, RunFailedError */
function pullRequestOf(
  { openPr, workspace, cwd }: AgentOptions,
  env: NodeJS.ProcessEnv,
): RunnerOptions["pullRequest"] {
  if (openPr === undefined) return undefined;
  if (workspace !== "worktree") {
    throw new CommandLineError(
      "A pull request needs a branch of its own: --open-pr goes with --workspace worktree.",
    );
  }
  const words = splitCommandLine(openPr);
  checkPlaceholders(words);
  return { command: resolveProgram(words, env.PATH, cwd), env };
}

function start(
  program: AcpProgram | ExecProgram,
  env: NodeJS.ProcessEnv,
  options: AgentOptions,
): Promise<Runner> {
  const { passEnv: _, openPr: __, name = program.name, ...rest } = options;
  const pullRequest = pullRequestOf(options, env);
  return startRunner({ ...rest, program, programEnv: env, pullRequest, name });
}
