import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { Dispatch } from "@mission-control/agent";

/** Sessions kept for feedback that may come; the oldest go first. */
const MAX_SESSIONS = 500;

interface State {
  /** The agent as registered, and the secret it was given once. */
  agent?: { id: string; secret: string; port: number };
  /** What is being worked on, to be reported as failed should this runner be killed. */
  running: Record<string, Dispatch>;
  /** The session in which each task was worked on. */
  sessions: Record<string, string>;
}

/** What a runner must know after its own restart: one file an agent, for this user alone. */
export class StateFile {
  readonly path: string;
  readonly #state: State;

  constructor(path: string) {
    this.path = path;
    this.#state = read(path);
  }

  /** Where the state of the agent `name` of a server lies. */
  static pathFor(server: string, name: string, env: NodeJS.ProcessEnv): string {
    const folder = env.MISSION_CONTROL_DATA_DIR || join(homedir(), ".mission-control");
    const file = `${new URL(server).host}-${name}`.replace(/[^A-Za-z0-9._-]/g, "-");
    return join(folder, "runners", `${file}.json`);
  }

  get agent(): State["agent"] {
    return this.#state.agent;
  }

  set agent(agent: State["agent"]) {
    if (agent) this.#state.agent = agent;
    else delete this.#state.agent;
    this.#write();
  }

  /** Dispatches that were being worked on when this was last written. */
  get running(): Dispatch[] {
    return Object.values(this.#state.running);
  }

  begin(dispatch: Dispatch): void {
    this.#state.running[dispatch.dispatchId] = dispatch;
    this.#write();
  }

  end(dispatchId: string): void {
    delete this.#state.running[dispatchId];
    this.#write();
  }

  session(taskId: string): string | undefined {
    return this.#state.sessions[taskId];
  }

  keepSession(taskId: string, sessionId: string): void {
    const { sessions } = this.#state;
    delete sessions[taskId];
    sessions[taskId] = sessionId;
    for (const oldest of Object.keys(sessions).slice(0, -MAX_SESSIONS)) delete sessions[oldest];
    this.#write();
  }

  #write(): void {
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    const draft = `${this.path}.${process.pid}`;
    writeFileSync(draft, `${JSON.stringify(this.#state, null, 2)}\n`, { mode: 0o600 });
    renameSync(draft, this.path);
  }
}

function read(path: string): State {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { sessions: {}, running: {} };
    throw error;
  }
  return { sessions: {}, running: {}, ...(JSON.parse(text) as Partial<State>) };
}
