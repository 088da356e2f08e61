import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { LogEvent, TaskView } from "@mission-control/protocol";
import { EventSource } from "eventsource";

const main = fileURLToPath(new URL("../../cli/src/main.ts", import.meta.url));

/** The real server in a process of its own, watched through its event stream. */
export class MissionControlProcess {
  readonly token = "token-of-the-tests";
  readonly events: LogEvent[] = [];
  url = "";
  readonly #waiting = new Set<{
    taskId: string;
    matches: (event: LogEvent) => boolean;
    resolve: (event: LogEvent) => void;
  }>();
  readonly #child: ChildProcess;
  #stream: EventSource | undefined;

  private constructor(dataDir: string, env: Record<string, string>) {
    this.#child = spawn(
      process.execPath,
      [
        "--conditions=mission-control-source",
        "--disable-warning=ExperimentalWarning",
        main,
        "start",
        "--json",
      ],
      {
        env: {
          PATH: process.env.PATH,
          NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
          HOME: dataDir,
          PORT: "0",
          MISSION_CONTROL_DATA_DIR: dataDir,
          MISSION_CONTROL_TOKEN: this.token,
          LOG_LEVEL: "warn",
          ...env,
        },
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
  }

  /** @param env more settings */
  static async start(dataDir: string, env: Record<string, string> = {}): Promise<MissionControlProcess> {
    const control = new MissionControlProcess(dataDir, env);
    const { stdout } = control.#child;
    if (!stdout) throw new Error("The server has no output.");
    let text = "";
    for await (const line of createInterface({ input: stdout })) {
      text += line;
      if (line.includes("}")) break;
    }
    control.url = (JSON.parse(text) as { url: string }).url;
    await control.#follow();
    return control;
  }

  /** Calls the REST API; throws on anything but a 2xx. */
  async call<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${this.token}`, ...(body && { "content-type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** What a path of the REST API holds, as it is; throws on anything but a 2xx. */
  async bytes(path: string): Promise<Buffer> {
    const response = await fetch(this.url + path, { headers: { authorization: `Bearer ${this.token}` } });
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return Buffer.from(await response.arrayBuffer());
  }

  async dispatch(agentId: string, description: string, requiresReview = false): Promise<TaskView> {
    const task = await this.call<TaskView>("POST", "/api/tasks", {
      title: "A task",
      description,
      requiresReview,
    });
    return this.call("POST", `/api/tasks/${task.id}/dispatch`, { agentId });
  }

  task(id: string): Promise<TaskView> {
    return this.call("GET", `/api/tasks/${id}`);
  }

  /** Resolves with the first event of a task, past or coming, that is looked for. */
  async event(taskId: string, matches: (event: LogEvent) => boolean): Promise<LogEvent> {
    const found = this.events.find((event) => event.taskId === taskId && matches(event));
    if (found) return found;
    return new Promise((resolve) => this.#waiting.add({ taskId, matches, resolve }));
  }

  /** Resolves with the task once it is in one of the states. */
  async reached(taskId: string, ...states: string[]): Promise<TaskView> {
    await this.event(
      taskId,
      ({ type, data }) => type === "status_change" && states.includes(String(data.to)),
    );
    return this.task(taskId);
  }

  close(): Promise<void> {
    return this.#end("SIGTERM");
  }

  /** Ends it as a crash would. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#stream?.close();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.kill(signal);
    await gone;
  }

  async #follow(): Promise<void> {
    const authorization = `Bearer ${this.token}`;
    this.#stream = new EventSource(`${this.url}/api/events`, {
      fetch: (url, init) => fetch(url, { ...init, headers: { ...init?.headers, authorization } }),
    });
    for (const type of ["activity", "status_change", "complete", "error", "permission", "message"]) {
      this.#stream.addEventListener(type, ({ data }) => this.#take(JSON.parse(String(data)) as LogEvent));
    }
    await once(this.#stream, "open");
  }

  #take(event: LogEvent): void {
    this.events.push(event);
    for (const waiter of this.#waiting) {
      if (waiter.taskId !== event.taskId || !waiter.matches(event)) continue;
      this.#waiting.delete(waiter);
      waiter.resolve(event);
    }
  }
}
