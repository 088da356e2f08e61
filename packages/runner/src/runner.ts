import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  type AgentServer,
  type Clock,
  createAgentServer,
  createReporter,
  type ReporterOptions,
  systemClock,
} from "@mission-control/agent";
import { type AgentSettings, MissionControl } from "./mission-control.ts";
import { endMarked } from "./process-group.ts";
import type { Program } from "./program.ts";
import { runDispatch } from "./run-dispatch.ts";
import { Slots } from "./slots.ts";
import { StateFile } from "./state-file.ts";
import { Workspace, type WorkspaceKind } from "./workspace.ts";

export interface RunnerOptions {
  /** Mission Control's base URL. */
  server: string;
  /** The administrator's bearer token, to register the agent. */
  token: string;
  /** The agent's name in Mission Control; the same name takes up the same agent again. */
  name: string;
  program: Program;
  /** The folder to work in. */
  cwd: string;
  workspace?: WorkspaceKind | undefined;
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
 * @throws RegistrationError, RunFailedError (wrong folder)
 */
export async function startRunner(options: RunnerOptions): Promise<Runner> {
  const { env = process.env, clock = systemClock, concurrency = 1, timeLimit = DEFAULT_TIME_LIMIT } = options;
  const workspace = new Workspace(options.workspace ?? "shared", options.cwd);
  const state = new StateFile(StateFile.pathFor(options.server, options.name, env));
  const listener = new Listener();
  await listener.listen(options.host ?? "127.0.0.1", options.port ?? state.agent?.port ?? 0);
  try {
    const url = options.publicUrl ?? listener.url;
    const { capabilities = [] } = options;
    const registered = await register(options, state, { name: options.name, capabilities, concurrency, url });
    state.agent = { ...registered, port: listener.port };
    const reporter = reporterOptions(options);
    const run = {
      program: options.program,
      workspace,
      slots: new Slots(concurrency),
      state,
      clock,
      timeLimit: timeLimit > 0 ? timeLimit : undefined,
    };
    const agent = createAgentServer({
      secret: registered.secret,
      onDispatch: (dispatch, context) => runDispatch(dispatch, context, run),
      reporter,
    });
    await reportInterrupted(state, reporter);
    listener.serve(agent.handler);
    return {
      agentId: registered.id,
      url,
      get running() {
        return agent.running;
      },
      close: () => close(agent, listener),
    };
  } catch (error) {
    await listener.close();
    throw error;
  }
}

/** Tells of the runs that an earlier process of this runner, killed or rebooted, could not bring to an end. */
async function reportInterrupted(state: StateFile, options: ReporterOptions): Promise<void> {
  for (const dispatch of state.running) {
    await endMarked(dispatch.dispatchId);
    const reporter = createReporter({ ...options, dispatch });
    // Not waited for: Mission Control may be away for long, and the spool keeps it.
    void reporter.fail("The runner was stopped in the middle of this task.").catch(() => {});
    void reporter.close();
    state.end(dispatch.dispatchId);
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
  options: RunnerOptions,
  state: StateFile,
  settings: AgentSettings,
): Promise<{ id: string; secret: string }> {
  const missionControl = new MissionControl(options.server, options.token);
  const { agent } = state;
  if (agent && (await missionControl.updateAgent(agent.id, settings, options.signal))) return agent;
  return missionControl.createAgent(settings, options.signal);
}

async function close(agent: AgentServer, listener: Listener): Promise<void> {
  await agent.close(AbortSignal.timeout(CLOSE_GRACE_MS));
  await listener.close();
}

/** An HTTP server that may be reached before there is anything to serve: registering needs its address. */
class Listener {
  readonly #server: Server;
  #handler: RequestListener = (_, response) => {
    response.writeHead(503, { "retry-after": "1" }).end();
  };

  constructor() {
    this.#server = createServer((request, response) => this.#handler(request, response));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    const { address, port, family } = this.#server.address() as AddressInfo;
    return `http://${family === "IPv6" ? `[${address}]` : address}:${port}/`;
  }

  /** Takes any free port when the wanted one is taken. */
  async listen(host: string, port: number): Promise<void> {
    try {
      this.#server.listen(port, host);
      await once(this.#server, "listening");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
      this.#server.listen(0, host);
      await once(this.#server, "listening");
    }
  }

  serve(handler: RequestListener): void {
    this.#handler = handler;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}
