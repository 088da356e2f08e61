import { basename } from "node:path";
import { AcpProgram } from "./acp/acp-program.ts";
import { splitCommandLine } from "./command-line.ts";
import { ExecProgram } from "./exec/exec-program.ts";
import type { PermissionPolicy } from "./permission-policy.ts";
import { type Runner, type RunnerOptions, startRunner } from "./runner.ts";

/** What both kinds of agent are started with; `name` defaults to the program's. */
export type AgentOptions = Omit<RunnerOptions, "program" | "name"> & { name?: string | undefined };

export interface AcpAgentOptions extends AgentOptions {
  /** The command line of an agent that speaks the Agent Client Protocol, e.g. `opencode acp`. */
  acp: string;
  /** Who answers its permission requests. Default `ask`. */
  permissions?: PermissionPolicy | undefined;
  /** A mode of the agent's own. */
  mode?: string | undefined;
}

export interface ExecAgentOptions extends AgentOptions {
  /** The command line to run for each task; `{prompt}` in it is the task, else it comes on stdin. */
  exec: string;
}

/** `mission-control agent --acp COMMAND`. @throws CommandLineError, RegistrationError, RunFailedError */
export function runAcpAgent({
  acp,
  permissions = "ask",
  mode,
  ...options
}: AcpAgentOptions): Promise<Runner> {
  const command = splitCommandLine(acp);
  const program = new AcpProgram({ command, permissions, mode, env: agentEnvironment(options.env) });
  return startRunner({ ...options, program, name: options.name ?? nameOf(command) });
}

/** `mission-control agent --exec COMMAND`. @throws CommandLineError, RegistrationError, RunFailedError */
export function runExecAgent({ exec, ...options }: ExecAgentOptions): Promise<Runner> {
  const command = splitCommandLine(exec);
  const program = new ExecProgram({ command, env: agentEnvironment(options.env) });
  return startRunner({ ...options, program, name: options.name ?? nameOf(command) });
}

/** The environment agents run in: that of the runner, but for Mission Control's own settings and secrets. */
function agentEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) => name === "MISSION_CONTROL_DATA_DIR" || !name.startsWith("MISSION_CONTROL_"),
  );
  return Object.fromEntries(kept);
}

function nameOf([program = ""]: string[]): string {
  return basename(program);
}
