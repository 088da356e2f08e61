import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HttpClient } from "../load/http-client.ts";
import type { Target } from "../load/sender-process.ts";
import { freePort, launch } from "./launch.ts";
import type { Subject } from "./subject.ts";

const TOKEN = "bench-token-0123456789abcdef";
const SECRET = "bench-webhook-secret-0123456789abcdef";
/** The contract's limit of an agent's concurrency. */
const TASKS_AT_ONCE = 1000;
const REQUESTS_AT_ONCE = 16;

/** A checkout with a built server: the working tree, or another commit beside it. */
export interface Build {
  label: string;
  root: string;
}

export interface ServerOptions {
  /** A data folder to start on; it is copied, never written to. */
  data?: string;
  /** A data folder to work in, and to leave as it is in the end. */
  folder?: string;
  /** `standard`: as its users have them; else one dispatch may send as much as it can. */
  limits?: "standard";
  /** More of the server's environment. */
  env?: Record<string, string>;
  /** Flags for the Node.js process itself, such as `--cpu-prof`. */
  nodeFlags?: string[];
}

/** The built server, started as its users start it, on a data folder of its own. */
export class MissionControl implements Subject {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  readonly callbackPath = "/api/webhooks/callback";
  readonly secret = SECRET;
  readonly streamHeaders = { Authorization: `Bearer ${TOKEN}` };
  /** Milliseconds from the start of the process to its first answer of `/readyz`. */
  readonly readyAfter: number;
  /** The REST calls, over a few kept connections. */
  readonly rest: HttpClient;
  readonly #targets: Target[] = [];
  readonly #stop: () => Promise<void>;
  readonly output: () => string;

  private constructor(
    build: Build,
    port: number,
    running: Awaited<ReturnType<typeof launch>>,
    stop: () => Promise<void>,
  ) {
    this.name = build.label;
    this.port = port;
    this.pid = running.pid;
    this.readyAfter = running.readyAfter;
    this.output = running.output;
    this.rest = new HttpClient(port, this.streamHeaders, REQUESTS_AT_ONCE);
    this.#stop = stop;
  }

  static async start(build: Build, options: ServerOptions = {}): Promise<MissionControl> {
    const folder = options.folder ?? (await mkdtemp(join(tmpdir(), "bench-server-")));
    if (options.data) await cp(options.data, folder, { recursive: true });
    const port = await freePort();
    const program = fileOf(
      build,
      "packages/cli/bin/mission-control.js",
      "packages/server/bin/mission-control.js",
    );
    const removeFolder = async () => {
      if (!options.folder) await rm(folder, { recursive: true, force: true });
    };
    try {
      const running = await launch({
        command: process.execPath,
        args: [...(options.nodeFlags ?? []), program, "start"],
        cwd: build.root,
        env: {
          PORT: String(port),
          MISSION_CONTROL_DATA_DIR: folder,
          MISSION_CONTROL_TOKEN: TOKEN,
          MISSION_CONTROL_WEBHOOK_SECRET: SECRET,
          ...(options.limits === "standard" ? {} : withoutLimit(build)),
          ...options.env,
        },
        readyUrl: `http://127.0.0.1:${port}/readyz`,
      });
      return new MissionControl(build, port, running, async () => {
        await running.stop();
        await removeFolder();
      });
    } catch (error) {
      await removeFolder();
      throw error;
    }
  }

  /** Only what callbacks become: other types of event would be counted as deliveries nobody sent. */
  streamPath(taskId?: string): string {
    return `/api/events?types=activity${taskId ? `&taskId=${taskId}` : ""}`;
  }

  /** The newest event's position. */
  async lastEventId(): Promise<number> {
    return (await this.get<{ lastEventId: number }>("/api/tasks?limit=1")).lastEventId;
  }

  /** Creates tasks, as far as there are not enough yet, and dispatches each to an HTTP agent that accepts all. */
  async targets(count: number): Promise<Target[]> {
    if (this.#targets.length < count) await this.#addTargets(count - this.#targets.length);
    return this.#targets.slice(0, count);
  }

  async #addTargets(count: number): Promise<void> {
    const agent = await startAgent();
    try {
      for (let left = count; left > 0; left -= TASKS_AT_ONCE) {
        const concurrency = Math.min(left, TASKS_AT_ONCE);
        const endpoint = { kind: "http", url: agent.url };
        const created = await this.post<{ id: string }>("/api/agents", {
          name: `Bench ${left}`,
          concurrency,
          endpoint,
        });
        await atOnce(concurrency, REQUESTS_AT_ONCE, async (index) => {
          const task = await this.post<{ id: string }>("/api/tasks", { title: `Measured task ${index}` });
          await this.post(`/api/tasks/${task.id}/dispatch`, { agentId: created.id });
          this.#targets.push({ taskId: task.id, agentId: created.id });
        });
      }
    } finally {
      await agent.close();
    }
  }

  async get<T>(path: string): Promise<T> {
    return JSON.parse((await this.rest.ask("GET", path)).text) as T;
  }

  async post<T>(path: string, body: unknown): Promise<T> {
    return JSON.parse((await this.rest.ask("POST", path, JSON.stringify(body))).text) as T;
  }

  async close(): Promise<void> {
    this.rest.close();
    await this.#stop();
  }
}

const NO_LIMIT = { MISSION_CONTROL_LIMIT_CALLBACKS_PER_DISPATCH: "0" };

/** Lifts the limit of one dispatch's callbacks, where the build knows it: an older one refuses what it does not know. */
function withoutLimit(build: Build): Record<string, string> {
  const file = fileOf(
    build,
    "packages/protocol/src/settings/setting-names.ts",
    "packages/server/src/settings.ts",
  );
  const settings = readFileSync(file, "utf8");
  return Object.keys(NO_LIMIT).every((name) => settings.includes(name)) ? NO_LIMIT : {};
}

/** A file of a build, by its path now or, in an older commit, the path it had before. */
function fileOf({ root }: Build, path: string, earlierPath: string): string {
  const file = join(root, path);
  return existsSync(file) ? file : join(root, earlierPath);
}

/** An HTTP agent that accepts every dispatch and never reports by itself. */
export async function startAgent(): Promise<{ url: string; accepted(): number; close(): Promise<void> }> {
  let accepted = 0;
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      accepted += 1;
      response.writeHead(200, { "Content-Type": "application/json" }).end('{"accepted":true}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/dispatch`,
    accepted: () => accepted,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Runs `work` for 0 … count-1, at most `limit` at the same time. */
export async function atOnce(
  count: number,
  limit: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(limit, count) }, worker));
}

/** Builds the server of a checkout, when anything of it is out of date. */
export function build(root: string): void {
  execFileSync(process.execPath, [join(root, "scripts/build.js")], { cwd: root, stdio: "inherit" });
}
