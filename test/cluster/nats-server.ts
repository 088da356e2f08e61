import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { freePort } from "../openclaw/free-port.ts";
import { findProgram, installDebian } from "./debian.ts";

/** What {@link NatsServer} needs, and what is not there and cannot be installed. */
export function missingNats(): string[] {
  return installDebian({ "nats-server": "nats-server" });
}

/** A real NATS server with JetStream, in a folder of its own, on loopback. */
export class NatsServer {
  readonly port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), "mission-control-nats-"));
  #process: ChildProcess | null = null;

  /** @param settings further lines of its configuration */
  static async start(settings = ""): Promise<NatsServer> {
    const server = new NatsServer(await freePort(), settings);
    await server.start();
    return server;
  }

  /** Several that are one NATS, each of which may be missed while the others are there. */
  static async cluster(count: number): Promise<NatsServer[]> {
    const ports = await Promise.all(Array.from({ length: count }, () => freePort()));
    const routes = ports.map((port) => `nats://127.0.0.1:${port}`).join(", ");
    return Promise.all(
      ports.map((port, index) =>
        NatsServer.start(
          `server_name: n${index}\ncluster { name: mission-control, listen: "127.0.0.1:${port}", routes: [${routes}] }`,
        ),
      ),
    );
  }

  private constructor(port: number, settings: string) {
    this.port = port;
    const jetstream = `jetstream { store_dir: "${this.#folder}/jetstream" }`;
    writeFileSync(
      join(this.#folder, "nats.conf"),
      `listen: "127.0.0.1:${port}"\n${jetstream}\n${settings}\n`,
    );
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Resolves when it takes connections. */
  async start(): Promise<void> {
    const program = findProgram("nats-server");
    if (!program) throw new Error("There is no nats-server.");
    const child = spawn(program, ["-c", join(this.#folder, "nats.conf")], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#process = child;
    let log = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      log += text;
    });
    while (!(await this.#listens())) {
      if (child.exitCode !== null) throw new Error(`NATS did not start:\n${log}`);
      await wait(20);
    }
  }

  /** Stops it where it is, as a process that hangs, or lets it go on. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#process?.kill(signal);
  }

  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  /** Stops it and removes all that it kept. */
  async discard(): Promise<void> {
    await this.stop("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #listens(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, "127.0.0.1");
      socket.once("connect", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
  }
}
