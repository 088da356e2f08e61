import { resolve } from "node:path";
import {
  type Clock,
  createAgentServer,
  createReporter,
  type Dispatch,
  type ReporterOptions,
  systemClock,
} from "@mission-control/agent";
import { dataFolder } from "./data-folder.ts";
import { Listener } from "./listener.ts";
import { type AgentSettings, MissionControl, type NamedAgent, RegistrationError } from "./mission-control.ts";
import { AgentRefusedError, type Program } from "./program.ts";
import type { PullRequestOptions } from "./pull-request.ts";
import { runDispatch } from "./run-dispatch.ts";
import { endMarked } from "./run-mark.ts";
import { Slots } from "./slots.ts";
import { takeUpEarlierState } from "./state/earlier-state.ts";
import { StateFile } from "./state/state-file.ts";
import { Workspace, type WorkspaceKind } from "./workspace.ts";

export interface RunnerOptions {
  /** Mission Control's base URL. */
  server: string;
  /** The administrator's bearer token, to register the agent. */
  token: string;
  /** The agent's name in Mission Control; the same name takes up the same agent again. */
  name: string;
  program: Program;
  /** The environment that git is run in for worktrees: the program's, for a repository's hooks are its code. */
  programEnv?: NodeJS.ProcessEnv | undefined;
  /** The folder to work in. */
  cwd: string;
  workspace?: WorkspaceKind | undefined;
  /** The branch, or any commit, that worktrees begin from. Default: the folder's HEAD. */
  base?: string | undefined;
  /** How a pull request is opened for a task that changed something; with a worktree for each. */
  pullRequest?: PullRequestOptions | undefined;
  capabilities?: string[] | undefined;
  /** Tasks worked on at once. Default 1. */
  concurrency?: number | undefined;
  /** Seconds of work a task may take, without the time an operator takes to answer. Default 3600; 0 for no limit. */
  timeLimit?: number | undefined;
  /** Where to listen for dispatches. Default 127.0.0.1 and the port of last time, or any. */
  host?: string | undefined;
  port?: number | undefined;
  /** How Mission Control reaches this machine, when that is not `http://HOST:PORT`. */
  publicUrl?: string | undefined;
  env?: NodeJS.ProcessEnv | undefined;
  clock?: Clock | undefined;
  onWarning?: ((message: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** A running agent. */
export interface Runner {
  readonly agentId: string;
  /** The agent's name in Mission Control. */
  readonly name: string;
  /** Where it takes dispatches. */
  readonly url: string;
  /** Ids of the dispatches being worked on. */
  readonly running: string[];
  /** Ends all runs and their processes, reporting them as failed, and stops listening. */
  close(): Promise<void>;
}

const DEFAULT_TIME_LIMIT = 3600;
/** How long reports may take to get out when the runner is closed; the rest stays in the spool. */
const CLOSE_GRACE_MS = 10_000;

/**
 * Makes a program an agent of Mission Control: listens, registers itself (or takes up its earlier registration), and
 * runs every dispatch until `close`.
 * @throws RegistrationError, AlreadyRunningError, RunFailedError (wrong folder, address not to be had),
 *   AgentRefusedError (an agent that cannot be run as wanted)
 */
export async function startRunner(options: RunnerOptions): Promise<Runner> {
  const { env = process.env, name, server, onWarning = warn } = options;
  const { workspace: kind = "shared", cwd: root, base, programEnv } = options;
  const worktrees = dataFolder(env, "worktrees");
  const workspace = new Workspace({ kind, root, base, env: programEnv, worktrees });
  const state = StateFile.open({ server, name, env, onWarning });
  try {
    return await run(options, state, workspace);
  } catch (error) {
    state.close();
    throw error;
  }
}

async function run(options: RunnerOptions, state: StateFile, workspace: Workspace): Promise<Runner> {
  const { clock = systemClock, concurrency = 1, timeLimit = DEFAULT_TIME_LIMIT } = options;
  const { program, host = "127.0.0.1" } = options;
  await workspace.check();
  await checkProgram(options, clock);
  const missionControl = new MissionControl(options.server, options.token);
  await takeUpEarlierState(state, options.name, missionControl, options.signal);
  const listener = new Listener();
  await listener.listen(host, options.port, state.agent?.port);
  try {
    const url = options.publicUrl ?? listener.url;
    const settings = { name: options.name, capabilities: options.capabilities ?? [], concurrency, url };
    const registered = await register(missionControl, state, settings, listener.port, options.signal);
    const reporter = reporterOptions(options);
    const slots = new Slots(concurrency);
    const limit = timeLimit > 0 ? timeLimit : undefined;
    // Before what waits in the spool goes out, so that it still tells which of them had ended.
    await reportInterrupted(state, reporter);
    const agent = createAgentServer({
      secret: registered.secret,
      refuse: refuseIds,
      onDispatch: (dispatch, context) =>
        runDispatch(dispatch, context, {
          program,
          workspace,
          slots,
          state,
          clock,
          timeLimit: limit,
          pullRequest: options.pullRequest,
        }),
      reporter,
    });
    listener.serve(agent.handler);
    const close = async () => {
      await agent.close(AbortSignal.timeout(CLOSE_GRACE_MS));
      await listener.close();
      state.close();
    };
    let closed: Promise<void> | undefined;
    return {
      agentId: registered.id,
      name: options.name,
      url,
      get running() {
        return agent.running;
      },
      close() {
        closed ??= close();
        return closed;
      },
    };
  } catch (error) {
    await listener.close();
    throw error;
  }
}

/** Ids become words of commands and names of folders and branches. */
const ID = /^[A-Za-z0-9_][A-Za-z0-9_.:~-]{0,199}$/;

function refuseIds({ dispatchId, task, agent }: Dispatch): string | undefined {
  const wrong = [dispatchId, task.id, agent.id].find((id) => !ID.test(id));
  if (wrong === undefined) return undefined;
  return `An id must be of letters, digits and _.:~-, and begin with one of the first three, not ${JSON.stringify(wrong)}.`;
}

/** An agent that can never do what it shall is better not registered; what may pass by itself is only said. */
async function checkProgram(options: RunnerOptions, clock: Clock): Promise<void> {
  const { program, cwd, signal, onWarning = warn } = options;
  try {
    await program.check?.(resolve(cwd), clock, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof AgentRefusedError) throw error;
    onWarning(`${program.name} could not be tried: ${error instanceof Error ? error.message : error}`);
  }
}

/** Reports the runs that an earlier process of this runner, killed or rebooted, could not bring to an end. */
async function reportInterrupted(state: StateFile, options: ReporterOptions): Promise<void> {
  for (const { mark, dispatch } of state.running) {
    await endMarked(mark);
    const reporter = createReporter({ ...options, dispatch });
    // Not waited for: Mission Control may be away for long, and the spool keeps it.
    // An end that the earlier process reported itself waits in the spool, and is delivered from there.
    if (!reporter.ended)
      void reporter.fail("The runner was stopped in the middle of this task.").catch(() => {});
    void reporter.close();
    state.end(mark);
  }
}

function reporterOptions({ clock, env, onWarning = warn }: RunnerOptions): ReporterOptions {
  return {
    clock,
    env,
    onWarning,
    onFailure: (error) => {
      // Over for Mission Control: cancelled, or the program has reported its end itself.
      if (error.status !== 409) onWarning(error.message);
    },
  };
}

function warn(message: string): void {
  process.emitWarning(message, "MissionControlWarning");
}

async function register(
  missionControl: MissionControl,
  state: StateFile,
  settings: AgentSettings,
  port: number,
  signal: AbortSignal | undefined,
): Promise<{ id: string; secret: string }> {
  const known = state.agent;
  if (known && (await missionControl.updateAgent(known.id, settings, signal))) {
    state.agent = { ...known, port };
    return known;
  }
  const taken = await missionControl.agentNamed(settings.name, signal);
  if (taken) throw new RegistrationError(nameTaken(taken));
  const created = await missionControl.createAgent(settings, signal);
  try {
    state.agent = { ...created, port };
  } catch (error) {
    // Its secret is shown once: without the state, nobody could ever be this agent.
    await missionControl.deleteAgent(created.id).catch(() => {});
    throw error;
  }
  return created;
}

/** Of two agents of one name, nobody could say which is meant; and the secret of the one that is there is not known here. */
function nameTaken({ id, name, endpoint }: NamedAgent): string {
  const where = endpoint.url ? `reached at ${endpoint.url}` : `behind a gateway`;
  return `There is an agent "${name}" already, ${id}, ${where}, that is not run from here: give this one another --name or, where nobody runs that one any more, remove it first with mission-control agents rm ${id}.`;
}
