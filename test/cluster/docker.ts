import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { findProgram, installDebian } from "./debian.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const execute = promisify(execFile);
/** A Docker that does not answer after so many milliseconds cannot run here. */
const START_MS = 30_000;

/** What {@link Docker} needs, and what is not there and cannot be installed. */
export function missingDocker(): string[] {
  if (process.getuid?.() !== 0) return ["root"];
  return installDebian({ dockerd: "docker.io", mmdebstrap: "mmdebstrap", ip: "iproute2" });
}

/** A Docker of its own: its images lie in a folder, its processes and networks end with it. */
export class Docker {
  readonly folder = mkdtempSync(join(tmpdir(), "mission-control-docker-"));
  readonly #environment = {
    PATH: process.env.PATH,
    HOME: this.folder,
    DOCKER_HOST: `unix://${this.folder}/socket`,
    DOCKER_BUILDKIT: "1",
  };
  #daemon: ChildProcess | null = null;
  #ended: Promise<unknown> | null = null;

  /**
   * Resolves when it answers.
   * @param network the machine's, by which a build reaches a registry of packages, or one of its own
   */
  async start(network: "machine" | "own"): Promise<void> {
    const own = network === "own";
    // What the one before has left there names processes that are gone.
    const run = mkdtempSync(join(this.folder, "run-"));
    const options = [
      `--host=${this.#environment.DOCKER_HOST}`,
      `--data-root=${this.folder}/data`,
      `--exec-root=${run}`,
      `--pidfile=${run}/pid`,
    ];
    if (!own) options.push("--bridge=none", "--iptables=false", "--ip-forward=false");
    const namespaces = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
    if (own) namespaces.push("--net");
    const command = `${own ? "ip link set lo up &&" : ""} exec dockerd "$@"`;
    const log = openSync(join(this.folder, "log"), "w");
    // It ends with the test, however that ends.
    const program = ["--pdeathsig", "KILL", "unshare", ...namespaces, "sh", "-c", command, "sh"];
    this.#daemon = spawn("setpriv", [...program, ...options], { stdio: ["ignore", log, log] });
    this.#ended = once(this.#daemon, "exit");
    closeSync(log);
    const until = performance.now() + START_MS;
    while (!(await this.docker("version").catch(() => null))) {
      if (performance.now() > until) throw new Error(readFileSync(join(this.folder, "log"), "utf8"));
      await wait(100);
    }
  }

  async stop(): Promise<void> {
    this.#daemon?.kill("SIGKILL");
    await this.#ended;
  }

  async discard(): Promise<void> {
    // What they leave of control groups is the machine's.
    const containers = await this.docker("ps", "--all", "--quiet").catch(() => "");
    if (containers) await this.docker("rm", "--force", ...containers.split("\n"));
    await this.stop();
    rmSync(this.folder, { recursive: true });
  }

  /** The file of its network namespace. */
  get network(): string {
    return `/proc/${this.#daemon?.pid}/ns/net`;
  }

  /** @returns what it writes */
  docker(...args: string[]): Promise<string> {
    return this.#run(findProgram("docker") ?? "docker", args);
  }

  /**
   * Debian 12 has Compose 1 alone, which does not know all of what stands in today's files: that of Debian 13 is taken.
   * @param settings what the Compose file reads
   * @returns what it writes
   */
  async compose(settings: Readonly<Record<string, string>>, ...args: string[]): Promise<string> {
    const folder = join(this.folder, "compose");
    if (!existsSync(folder)) {
      await this.debian(["--variant=extract", "--include=docker-compose", "trixie", folder]);
    }
    return this.#run(join(folder, "usr/libexec/docker/cli-plugins/docker-compose"), args, settings);
  }

  /** Takes files of Debian's packages. */
  async debian(args: string[]): Promise<void> {
    await this.#run("mmdebstrap", args);
  }

  async #run(
    program: string,
    args: string[],
    settings: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const env = { ...this.#environment, ...settings };
    const { stdout } = await execute(program, args, { cwd: ROOT, env, maxBuffer: 64 << 20 });
    return stdout.trim();
  }
}
