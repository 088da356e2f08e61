import { createHash, randomUUID } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Dispatch, makeFolder } from "@mission-control/agent";
import { dataFolder } from "../data-folder.ts";
import type { Session } from "../program.ts";
import { type Lock, takeLock } from "./state-lock.ts";
import { earlierStateSchema, type State, type StoredRun, stateSchema } from "./state-schema.ts";

/** Sessions kept for feedback that may come; the oldest go first. */
const MAX_SESSIONS = 500;

/** Another process runs this agent; the message says which. */
export class AlreadyRunningError extends Error {
  override name = "AlreadyRunningError";
  readonly code = "already_running";
}

export interface StateOptions {
  /** Mission Control's base URL. */
  server: string;
  /** The agent's name, to the letter. */
  name: string;
  env: NodeJS.ProcessEnv;
  onWarning(message: string): void;
}

/**
 * What a runner must know after its own restart: one file an agent of a server, for this user alone, and for one
 * process at a time.
 */
export class StateFile {
  readonly path: string;
  readonly #state: State;
  readonly #lock: Lock;
  readonly #earlierPath: string;

  private constructor(path: string, lock: Lock, { server, name, env, onWarning }: StateOptions) {
    this.path = path;
    this.#lock = lock;
    this.#earlierPath = join(dataFolder(env, "runners"), `${earlierName(server, name)}.json`);
    this.#state = readState(path, name, onWarning);
    this.#state.runner = { pid: process.pid, since: new Date().toISOString() };
    this.#write();
  }

  /**
   * Opens the state of an agent until `close`.
   * @throws AlreadyRunningError
   */
  static open(options: StateOptions): StateFile {
    const folder = dataFolder(options.env, "runners");
    makeFolder(folder, 0o700);
    const file = join(folder, stateName(options.server, options.name));
    const lock = takeLock(`${file}.lock`);
    if (!lock) throw new AlreadyRunningError(whoRuns(`${file}.json`, options.name));
    try {
      return new StateFile(`${file}.json`, lock, options);
    } catch (error) {
      lock.close();
      throw error;
    }
  }

  get agent(): State["agent"] {
    return this.#state.agent;
  }

  set agent(agent: State["agent"]) {
    this.#state.agent = agent;
    this.#write();
  }

  /** Runs that were under way when this was last written. */
  get running(): readonly StoredRun[] {
    return [...this.#state.running];
  }

  /** @returns the run's mark */
  begin(dispatch: Dispatch): string {
    const mark = randomUUID();
    this.#state.running.push({ mark, dispatch });
    this.#write();
    return mark;
  }

  end(mark: string): void {
    this.#state.running = this.#state.running.filter((run) => run.mark !== mark);
    this.#write();
  }

  session(taskId: string): Session | undefined {
    return this.#state.sessions.find(([task]) => task === taskId)?.[1];
  }

  keepSession(taskId: string, session: Session): void {
    const others = this.#state.sessions.filter(([task]) => task !== taskId);
    this.#state.sessions = [...others, [taskId, session] as [string, Session]].slice(-MAX_SESSIONS);
    this.#write();
  }

  /** What an earlier version kept under a name that several agents could share; to be taken up by its owner alone. */
  readEarlier(): Omit<State, "name" | "runner"> | undefined {
    const text = readIfThere(this.#earlierPath);
    return text === undefined ? undefined : parse(text, earlierStateSchema);
  }

  /** Goes on with what {@link readEarlier} found; its file is done with. */
  takeUp(earlier: Omit<State, "name" | "runner">): void {
    Object.assign(this.#state, earlier);
    this.#write();
    rmSync(this.#earlierPath, { force: true });
  }

  /** Lets the state go: another process may open it. */
  close(): void {
    this.#state.runner = undefined;
    try {
      this.#write();
    } finally {
      this.#lock.close();
    }
  }

  #write(): void {
    const draft = `${this.path}.new`;
    writeFileSync(draft, `${JSON.stringify(this.#state, null, 2)}\n`, { mode: 0o600, flush: true });
    renameSync(draft, this.path);
  }
}

/** Readable as far as file systems allow, told apart by a hash: no two agents' names make one file. */
function stateName(address: string, name: string): string {
  const server = ofOneSpelling(address);
  const { origin, pathname } = new URL(server);
  const hash = createHash("sha256")
    .update(`${origin}${pathname.replace(/\/+$/, "")}\0${name}`)
    .digest("hex");
  return `${earlierName(server, name).slice(0, 60)}-${hash.slice(0, 16)}`;
}

/** A server on this machine goes by several names, and is one. */
function ofOneSpelling(server: string): string {
  const url = new URL(server);
  if (url.hostname === "localhost" || url.hostname === "[::1]") url.hostname = "127.0.0.1";
  return url.href;
}

/** The name that earlier versions gave; different agents' names may make the same. */
function earlierName(server: string, name: string): string {
  return `${new URL(server).host}-${name}`.replace(/[^A-Za-z0-9._-]/g, "-");
}

function readState(path: string, name: string, onWarning: StateOptions["onWarning"]): State {
  const empty = { name, running: [], sessions: [] };
  const text = readIfThere(path);
  if (text === undefined) return empty;
  const state = parse(text, stateSchema);
  if (state) return state;
  let broken = `${path}.broken`;
  for (let count = 2; existsSync(broken); count++) broken = `${path}.broken-${count}`;
  renameSync(path, broken);
  onWarning(
    `The state of "${name}" could not be read and is kept as ${broken}: it is registered as a new agent.`,
  );
  return empty;
}

function whoRuns(path: string, name: string): string {
  const runner = parse(readIfThere(path) ?? "", stateSchema)?.runner;
  const who = runner ? `process ${runner.pid}, since ${runner.since}` : "another process";
  return `The agent "${name}" is run already, by ${who}. Stop that first, or give this one another --name.`;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function parse<T>(
  text: string,
  schema: { safeParse(value: unknown): { data?: T | undefined } },
): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
