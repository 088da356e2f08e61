import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { eventTypeSchema, type LogEvent, type TaskView } from "@mission-control/protocol";
import { EventSource } from "eventsource";
import { keepLog } from "./keep-log.ts";

const main = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));
const command = [
  process.execPath,
  "--conditions=mission-control-source",
  "--disable-warning=ExperimentalWarning",
  main,
];

/** The real server in a process of its own, which can be killed and started again, and a client on its stream. */
export class ServerProcess {
  readonly token = "token-of-the-openclaw-test";
  /** Where it listens, without a slash at the end. */
  url = "";
  /** Every event of the stream, in the order it came, across all restarts. */
  readonly events: LogEvent[] = [];
  readonly output: string[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), "mission-control-server-"));
  readonly #gateway: { url: string; token: string };
  readonly #settings: Record<string, string>;
  readonly #arrivals = new EventEmitter();
  #child: ChildProcess | undefined;
  #stream: EventSource | undefined;

  private constructor(gateway: { url: string; token: string }, settings: Record<string, string>) {
    this.#settings = settings;
    this.#gateway = gateway;
  }

  /** @param settings of its environment, beside those that it needs */
  static async start(
    gateway: { url: string; token: string },
    settings: Record<string, string> = {},
  ): Promise<ServerProcess> {
    const server = new ServerProcess(gateway, settings);
    await server.start();
    await server.#follow();
    return server;
  }

  /** Starts it on any free port, or again on the same one; resolves when it listens. */
  async start(): Promise<void> {
    const child = spawn(command[0] as string, [...command.slice(1), "start", "--json"], {
      env: {
        PATH: process.env.PATH,
        NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
        HOME: this.#folder,
        PORT: this.url === "" ? "0" : new URL(this.url).port,
        MISSION_CONTROL_DATA_DIR: this.#folder,
        MISSION_CONTROL_TOKEN: this.token,
        MISSION_CONTROL_LOG_LEVEL: "debug",
        OPENCLAW_GATEWAY_URL: this.#gateway.url,
        OPENCLAW_GATEWAY_TOKEN: this.#gateway.token,
        ...this.#settings,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    const listens = Promise.withResolvers<string>();
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.output.push(line);
      listens.resolve(line);
    });
    createInterface({ input: child.stderr }).on("line", (line) => this.output.push(line));
    child.once("exit", (code) =>
      listens.reject(new Error(`The server ended with ${code}:\n${this.output.slice(-20).join("\n")}`)),
    );
    ({ url: this.url } = JSON.parse(await listens.promise) as { url: string });
  }

  /** Ends the server at once, as a crash would. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** Stops it where it is, as a process that hangs, or lets it go on. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#child?.kill(signal);
  }

  /** Calls the REST API and returns what it answered, whatever its status. */
  async call<T>(method: string, path: string, body?: object): Promise<{ status: number; body: T }> {
    const response = await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${this.token}`, ...(body && { "content-type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as T };
  }

  async task(id: string): Promise<TaskView> {
    return (await this.call<TaskView>("GET", `/api/tasks/${id}`)).body;
  }

  /** Resolves with the first event of a task, past or to come, that matches. */
  async event(taskId: string, matches: (event: LogEvent) => boolean): Promise<LogEvent> {
    for (;;) {
      const found = this.events.find((event) => event.taskId === taskId && matches(event));
      if (found) return found;
      await once(this.#arrivals, "event");
    }
  }

  /** Resolves with the task once the stream has told that it is in a state. */
  async reached(taskId: string, state: string): Promise<TaskView> {
    await this.event(taskId, ({ type, data }) => type === "status_change" && data.to === state);
    return this.task(taskId);
  }

  /** Resolves when the stream has told of the gateway's connection in a state, after the given event. */
  async gatewayState(state: string, after = 0): Promise<void> {
    const told = ({ id, type, data }: LogEvent) => type === "gateway" && data.state === state && id > after;
    while (!this.events.some(told)) await once(this.#arrivals, "event");
  }

  async close(): Promise<void> {
    this.#stream?.close();
    await this.#end("SIGTERM");
    keepLog("server", this.output);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  }

  async #follow(): Promise<void> {
    const authorization = `Bearer ${this.token}`;
    this.#stream = new EventSource(`${this.url}/api/events?lastEventId=0`, {
      fetch: (url, init) => fetch(url, { ...init, headers: { ...init?.headers, authorization } }),
    });
    for (const type of eventTypeSchema.options) {
      this.#stream.addEventListener(type, ({ data }) => {
        // A lost connection is an event named "error", too, without data.
        if (data === undefined) return;
        this.events.push(JSON.parse(String(data)) as LogEvent);
        this.#arrivals.emit("event");
      });
    }
    await once(this.#stream, "open");
  }
}

/** Puts the command `mission-control` into a folder, for an agent's shell to find. */
export function installCommand(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "mission-control");
  writeFileSync(file, `#!/bin/sh\nexec ${command.map((word) => `'${word}'`).join(" ")} "$@"\n`);
  chmodSync(file, 0o755);
}
