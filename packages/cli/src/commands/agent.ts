import {
  type AgentOptions,
  AlreadyRunningError,
  CommandLineError,
  EnvironmentError,
  PERMISSION_POLICIES,
  type PermissionPolicy,
  RegistrationError,
  RunFailedError,
  type Runner,
  runAcpAgent,
  runExecAgent,
  WORKSPACE_KINDS,
  type WorkspaceKind,
} from "@mission-control/runner";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type ServerFlags, serverAccess, withServerFlags } from "../client/server-access.ts";
import { collect } from "../terminal/collect.ts";
import { CommandError, wrongUse } from "../terminal/command-error.ts";
import { notice, print, printJson, shellWord } from "../terminal/output.ts";
import { untilInterrupted } from "../terminal/until-interrupted.ts";

interface AgentFlags extends ServerFlags {
  acp?: string;
  exec?: string;
  name?: string;
  cwd: string;
  workspace?: WorkspaceKind;
  base?: string;
  openPr?: string;
  permissions: PermissionPolicy;
  mode?: string;
  authMethod?: string;
  env?: string[];
  capability?: string[];
  concurrency?: number;
  timeLimit?: number;
  host?: string;
  port?: number;
  publicUrl?: string;
  json?: boolean;
}

const WRONG_USE = [CommandLineError, EnvironmentError];
const FAILURES = [RegistrationError, RunFailedError, AlreadyRunningError];

export function configure(command: Command): void {
  withServerFlags(command)
    .option("--acp <command>", "an agent that speaks the Agent Client Protocol, such as claude-agent-acp")
    .option("--exec <command>", "any program; {prompt} in it is the task, else the task comes on its stdin")
    .option("--name <name>", "the agent's name in Mission Control (default: the program's)")
    .option("--cwd <folder>", "the folder to work in", ".")
    .addOption(new Option("--workspace <kind>", "where each task works").choices(WORKSPACE_KINDS))
    .option("--base <branch>", "with --workspace worktree: what its branches begin from (default: HEAD)")
    .option("--open-pr <command>", "with --workspace worktree: opens a pull request, such as gh pr create")
    .addOption(
      new Option("--permissions <policy>", "with --acp: who answers the agent's permission requests")
        .choices(PERMISSION_POLICIES)
        .default("ask"),
    )
    .option(
      "--mode <mode>",
      "with --acp: a mode of the agent's own (default: one that asks, but with --permissions allow the agent's)",
    )
    .option(
      "--auth-method <id>",
      "with --acp: the way to log in, as the agent calls it, where it is not logged in",
    )
    .option(
      "--env <name>",
      "what it gets of this environment: NAME, AWS_* or NAME=VALUE; several times",
      collect,
    )
    .option("--capability <word>", "what it can do; may be given several times", collect)
    .option("--concurrency <number>", "how many tasks it works on at a time (default 1)", whole(1, 1000))
    .option("--time-limit <seconds>", "how long a task may take (default 3600; 0: no limit)", whole(0))
    .option("--host <host>", "where to listen for dispatches (default 127.0.0.1)")
    .option("--port <port>", "port to listen on (default: last time's, else any free one)", whole(0, 65_535))
    .option("--public-url <url>", "how the server reaches this machine (default http://HOST:PORT)")
    .option("--json", "print what it is as JSON")
    .addHelpText(
      "after",
      `
It registers itself (the same name takes up the same agent again), takes dispatches, and reports what the agent does;
stop it with Ctrl-C.

In the command of --exec, {prompt} (the task), {title}, {taskId} and {folder} are filled in. {prompt} and {title} must be
words of their own, or values as in --message={prompt}; what a shell would run is refused. Claude Code, Codex, opencode
and Gemini get the task on their input, as do all programs where it is over 100 kB.

What a task changes in a git repository is told with its result; with --workspace worktree each task works on a branch of
its own, mission-control/<task>. A message to a running agent reaches it in the middle of its turn where it takes that
(Claude Code, Codex), else as its next prompt; of the programs of --exec, Claude Code hears it when it is started with
--input-format stream-json.

The agent gets PATH, HOME, languages, proxies, certificates and the like, and what Claude Code, Codex, opencode or Gemini
are set up by; nothing else but what --env names.

Examples:
  mission-control agent --acp claude-agent-acp --cwd ~/project
  mission-control agent --acp "opencode acp" --workspace worktree --base main --concurrency 2
  mission-control agent --acp codex-acp --workspace worktree --open-pr "./open-pr {branch} {title}"
  mission-control agent --exec "codex exec --json --skip-git-repo-check {prompt}"
  mission-control agent --exec "claude -p --input-format stream-json --output-format stream-json --verbose"`,
    )
    .action(run);
}

async function run(flags: AgentFlags): Promise<void> {
  const { acp, exec, json } = flags;
  if ((acp === undefined) === (exec === undefined)) {
    throw wrongUse("Say which agent to run: either --acp or --exec.");
  }
  const interrupted = untilInterrupted();
  const options = agentOptions(flags, interrupted);
  const starting =
    acp === undefined
      ? runExecAgent({ ...options, exec: exec ?? "" })
      : runAcpAgent({
          ...options,
          acp,
          permissions: flags.permissions,
          mode: flags.mode,
          authMethod: flags.authMethod,
        });
  const runner = await starting.catch((error: unknown) => {
    if (interrupted.aborted) return undefined;
    if (!(error instanceof Error)) throw error;
    if (WRONG_USE.some((kind) => error instanceof kind)) throw wrongUse(error.message);
    if (FAILURES.some((kind) => error instanceof kind)) throw new CommandError(error.message);
    throw error;
  });
  if (!runner) return; // Stopped while it was starting.
  if (json) printJson({ agentId: runner.agentId, name: runner.name, url: runner.url });
  else print(greeting(runner));
  if (!interrupted.aborted) {
    await new Promise((resolve) => interrupted.addEventListener("abort", resolve, { once: true }));
  }
  await runner.close();
}

function greeting({ name, agentId, url }: Runner): string {
  return [
    `Ready for tasks as "${name}" (${agentId}), at ${url}. Stop with Ctrl-C.`,
    `Give it one: mission-control dispatch "Say which files are here" --agent ${shellWord(name)} --wait`,
  ].join("\n");
}

function agentOptions(flags: AgentFlags, signal: AbortSignal): AgentOptions {
  const { url, token } = serverAccess(flags);
  if (token === null) {
    throw wrongUse(`No token for ${url}: pass --token, or set MISSION_CONTROL_TOKEN.`);
  }
  const {
    name,
    cwd,
    workspace,
    base,
    openPr,
    env,
    capability,
    concurrency,
    timeLimit,
    host,
    port,
    publicUrl,
  } = flags;
  return {
    server: url,
    token,
    name,
    cwd,
    workspace,
    base,
    openPr,
    passEnv: env,
    capabilities: capability,
    concurrency,
    timeLimit,
    host,
    port,
    publicUrl,
    signal,
    onWarning: notice,
  };
}

function whole(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isInteger(value) && value >= least && value <= most) return value;
    const range = most < Number.MAX_SAFE_INTEGER ? `from ${least} to ${most}` : `${least} or more`;
    throw new InvalidArgumentError(`It must be a whole number, ${range}.`);
  };
}
