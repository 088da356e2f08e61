import {
  type AgentOptions,
  CommandLineError,
  PERMISSION_POLICIES,
  type PermissionPolicy,
  RegistrationError,
  RunFailedError,
  runAcpAgent,
  runExecAgent,
  WORKSPACE_KINDS,
  type WorkspaceKind,
} from "@mission-control/runner";
import { type Command, InvalidArgumentError, Option } from "commander";
import { CommandError, wrongUse } from "./command-error.ts";
import { notice, print, printJson } from "./output.ts";
import { type ServerFlags, serverAccess, withServerFlags } from "./server-access.ts";
import { untilInterrupted } from "./until-interrupted.ts";

interface AgentFlags extends ServerFlags {
  acp?: string;
  exec?: string;
  name?: string;
  cwd: string;
  workspace?: WorkspaceKind;
  permissions: PermissionPolicy;
  mode?: string;
  capability?: string[];
  concurrency?: number;
  timeLimit?: number;
  host?: string;
  port?: number;
  publicUrl?: string;
  json?: boolean;
}

export function configure(command: Command): void {
  withServerFlags(command)
    .option("--acp <command>", "an agent that speaks the Agent Client Protocol, such as claude-agent-acp")
    .option("--exec <command>", "any program; {prompt} in it is the task, else the task comes on its stdin")
    .option("--name <name>", "the agent's name in Mission Control (default: the program's)")
    .option("--cwd <folder>", "the folder to work in", ".")
    .addOption(new Option("--workspace <kind>", "where each task works").choices(WORKSPACE_KINDS))
    .addOption(
      new Option("--permissions <policy>", "with --acp: who answers the agent's permission requests")
        .choices(PERMISSION_POLICIES)
        .default("ask"),
    )
    .option("--mode <mode>", "with --acp: a mode of the agent's own, such as read-only")
    .option(
      "--capability <word>",
      "what it can do; may be given several times",
      (word, words: string[] = []) => [...words, word],
    )
    .option("--concurrency <number>", "how many tasks it works on at a time (default 1)", whole(1))
    .option("--time-limit <seconds>", "how long a task may take (default 3600; 0: no limit)", whole(0))
    .option("--host <host>", "where to listen for dispatches (default 127.0.0.1)")
    .option("--port <port>", "port to listen on (default: last time's, else any free one)", whole(0))
    .option("--public-url <url>", "how the server reaches this machine (default http://HOST:PORT)")
    .option("--json", "print what it is as JSON")
    .addHelpText(
      "after",
      `
It registers itself (the same name takes up the same agent again), takes dispatches, and reports what the agent does;
stop it with Ctrl-C.

Examples:
  mission-control agent --acp claude-agent-acp --cwd ~/project
  mission-control agent --acp "opencode acp" --workspace worktree --concurrency 2
  mission-control agent --exec "codex exec --json --skip-git-repo-check {prompt}"`,
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
      : runAcpAgent({ ...options, acp, permissions: flags.permissions, mode: flags.mode });
  const runner = await starting.catch((error: unknown) => {
    if (error instanceof CommandLineError) throw wrongUse(error.message);
    if (error instanceof RegistrationError || error instanceof RunFailedError) {
      throw new CommandError(error.message);
    }
    throw error;
  });
  if (json) printJson({ agentId: runner.agentId, url: runner.url });
  else print(`Ready for tasks as ${runner.agentId}, at ${runner.url}. Stop with Ctrl-C.`);
  if (!interrupted.aborted) {
    await new Promise((resolve) => interrupted.addEventListener("abort", resolve, { once: true }));
  }
  await runner.close();
}

function agentOptions(flags: AgentFlags, signal: AbortSignal): AgentOptions {
  const { url, token } = serverAccess(flags);
  if (token === null) {
    throw wrongUse(`No token for ${url}: pass --token, or set MISSION_CONTROL_TOKEN.`);
  }
  const { name, cwd, workspace, capability, concurrency, timeLimit, host, port, publicUrl } = flags;
  return {
    server: url,
    token,
    name,
    cwd,
    workspace,
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

function whole(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`It must be a whole number, ${least} or more.`);
  };
}
