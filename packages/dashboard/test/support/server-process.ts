import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("../../../cli/bin/mission-control.js", import.meta.url));
/** A token of the tests' own. */
export const TOKEN = "dashboard-tests-token-0123456789abcdef";

const LOG_KEPT = 8_000;

/** A real server as a process of its own, with a data folder that outlives its restarts. */
export class ServerProcess {
  readonly #folder: string;
  readonly #settings: Record<string, string>;
  #child: ChildProcess | null = null;
  #url = "";
  #logInUrl = "";
  #log = "";

  /** @param settings by their names in the environment, beside those that every server of the tests has */
  static async start(settings: Record<string, string> = {}): Promise<ServerProcess> {
    const folder = await mkdtemp(join(tmpdir(), "mission-control-dashboard-"));
    const server = new ServerProcess(folder, settings);
    await server.resume();
    return server;
  }

  private constructor(folder: string, settings: Record<string, string>) {
    this.#folder = folder;
    this.#settings = settings;
  }

  /** Where it listens, without a slash at the end. */
  get url(): string {
    return this.#url;
  }

  get port(): number {
    return Number(new URL(this.#url).port);
  }

  /** The end of what the process wrote to its log. */
  get log(): string {
    return this.#log;
  }

  /** The one-time link printed by the last start. */
  get logInUrl(): string {
    return this.#logInUrl;
  }

  /** Starts the process on any free port, or again on the same port and data; resolves once it listens. */
  async resume(): Promise<void> {
    const child = spawn(process.execPath, [COMMAND, "start", "--json"], {
      env: {
        PATH: process.env.PATH ?? "",
        HOME: this.#folder,
        PORT: this.#url === "" ? "0" : String(this.port),
        MISSION_CONTROL_DATA_DIR: join(this.#folder, "data"),
        MISSION_CONTROL_TOKEN: TOKEN,
        ...this.#settings,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    child.stderr?.on("data", (chunk: Buffer) => {
      this.#log = (this.#log + chunk.toString()).slice(-LOG_KEPT);
    });
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      const { url, loginUrl } = JSON.parse(line) as { url: string; loginUrl: string };
      this.#url = url;
      this.#logInUrl = loginUrl;
      child.stdout?.resume();
      return;
    }
    throw new Error(`The server ended before it listened:\n${this.#log}`);
  }

  /** Ends the process: in order, or at once as a crash would. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
    this.#child = null;
  }

  /** Forgets everything that was stored; only for a server that is stopped. */
  async wipe(): Promise<void> {
    await rm(join(this.#folder, "data"), { recursive: true });
  }

  /** Stops and forgets everything. */
  async close(): Promise<void> {
    await this.stop("SIGKILL");
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Calls the API with the bearer token. */
  async call<Answer = unknown>(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const words = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${words}`);
    return (words === "" ? undefined : JSON.parse(words)) as Answer;
  }
}
