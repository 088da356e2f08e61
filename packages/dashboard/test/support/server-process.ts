import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
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
  readonly port: number;
  readonly #folder: string;
  readonly #settings: Record<string, string>;
  #child: ChildProcess | null = null;
  #logInUrl = "";
  #log = "";

  /** @param settings by their names in the environment, beside those that every server of the tests has */
  static async start(settings: Record<string, string> = {}): Promise<ServerProcess> {
    const folder = await mkdtemp(join(tmpdir(), "mission-control-dashboard-"));
    const server = new ServerProcess(await freePort(), folder, settings);
    await server.resume();
    return server;
  }

  private constructor(port: number, folder: string, settings: Record<string, string>) {
    this.port = port;
    this.#folder = folder;
    this.#settings = settings;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The end of what the process wrote to its log. */
  get log(): string {
    return this.#log;
  }

  /** The one-time link printed by the last start. */
  get logInUrl(): string {
    return this.#logInUrl;
  }

  /** Starts the process (again) on the same port and data; resolves once it listens. */
  async resume(): Promise<void> {
    const child = spawn(process.execPath, [COMMAND, "start"], {
      env: {
        PATH: process.env.PATH ?? "",
        HOME: this.#folder,
        PORT: String(this.port),
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
      const link = /https?:\S+#code=\S+/.exec(line)?.[0];
      if (!link) continue;
      this.#logInUrl = link;
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

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, "close");
  return port;
}
