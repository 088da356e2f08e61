import { join } from "node:path";
import { type AgentOptions, type Runner, runAcpAgent, runExecAgent } from "@mission-control/runner";
import type { CodingAgent, CodingCommand, RealProgram } from "./agents/coding-agent.ts";
import type { Grounds } from "./grounds.ts";

/** A program to be spoken with, and how it takes what is said. */
export interface Spoken {
  program: RealProgram;
  /** Starts it in a repository, each task in a worktree of its own. */
  start(name: string, home: string, repository: string): Promise<Runner>;
  /** `turn`: it takes a message into its turn at once; `later`: between two steps, or after it; `no`: not at all. */
  hears: "turn" | "later" | "no";
  /** Whether it tells what its commands print. */
  tellsOutput: boolean;
}

export function spokenAgent(agent: CodingAgent, grounds: Grounds): Spoken {
  const { acp, freeMode, steers, tellsNoOutput } = agent;
  return {
    program: agent,
    tellsOutput: !tellsNoOutput,
    hears: steers ? "turn" : "later",
    start: (...place) =>
      runAcpAgent({ ...options(agent, grounds, ...place), acp, permissions: "allow", mode: freeMode }),
  };
}

export function spokenCommand(command: CodingCommand, grounds: Grounds): Spoken {
  const { exec, listens } = command;
  return {
    program: command,
    tellsOutput: true,
    hears: listens ? "later" : "no",
    start: (...place) => runExecAgent({ ...options(command, grounds, ...place), exec }),
  };
}

function options(
  program: RealProgram,
  { control, model }: Grounds,
  name: string,
  home: string,
  repository: string,
): AgentOptions {
  const env = program.prepare(home, model.url);
  return {
    server: control().url,
    token: control().token,
    name,
    cwd: repository,
    workspace: "worktree",
    env: { ...env, MISSION_CONTROL_DATA_DIR: join(home, "data") },
    passEnv: Object.keys(env),
  };
}
