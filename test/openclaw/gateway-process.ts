import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { connectToGateway } from "../../packages/server/src/gateways/openclaw/connecting.ts";
import { asObjects } from "../../packages/server/src/gateways/openclaw/frames.ts";
import { freePort } from "./free-port.ts";
import { keepLog } from "./keep-log.ts";

/** Seen in 2026.9.6: it gives up a start whose first heartbeat takes five seconds, as happens on a busy machine. */
const STARTS = 3;

const openclaw = fileURLToPath(new URL("node_modules/openclaw/openclaw.mjs", import.meta.url));

/** A real OpenClaw Gateway in a temporary folder, that can be stopped, killed and started again. */
export class GatewayProcess {
  readonly token = "test-gateway-token";
  readonly folder = mkdtempSync(join(tmpdir(), "mission-control-openclaw-"));
  readonly port: number;
  /** Everything the gateway printed, for a failing test to show. */
  readonly output: string[] = [];
  #readers: (() => void)[] = [];
  #child: ChildProcess | undefined;

  private constructor(port: number, modelUrl: string, config: object) {
    this.port = port;
    mkdirSync(join(this.folder, "home"));
    mkdirSync(join(this.folder, "workspace"));
    writeFileSync(this.#configPath, JSON.stringify({ ...this.#config(modelUrl), ...config }, null, 2));
  }

  /**
   * Starts a gateway whose agents `main` and `coder` use the model at `modelUrl`; so does `reader`, as one that takes no
   * images.
   * @param config sections of its `openclaw.json` that take the place of these tests' own
   */
  static async start(modelUrl: string, config: object = {}): Promise<GatewayProcess> {
    const gateway = new GatewayProcess(await freePort(), modelUrl, config);
    await gateway.start();
    return gateway;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  /** On the path of the agents' shells. */
  get commandFolder(): string {
    return join(this.folder, "bin");
  }

  get #configPath(): string {
    return join(this.folder, "openclaw.json");
  }

  /** The environment the gateway, and its command line, run in. */
  get environment(): NodeJS.ProcessEnv {
    return {
      PATH: `${this.commandFolder}:${process.env.PATH}`,
      HOME: join(this.folder, "home"),
      OPENCLAW_STATE_DIR: join(this.folder, "state"),
      OPENCLAW_CONFIG_PATH: this.#configPath,
      TMPDIR: this.folder,
    };
  }

  /** Starts it and resolves when it says it is ready; once more where its own limits were too short for this machine. */
  async start(): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#startOnce();
      } catch (error) {
        if (tries === STARTS) throw error;
      }
    }
  }

  async #startOnce(): Promise<void> {
    const child = spawn(process.execPath, [openclaw, "gateway", "run"], {
      env: this.environment,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.#child = child;
    endWithThisProcess(child);
    const ready = Promise.withResolvers<void>();
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        this.output.push(line);
        for (const wake of this.#readers.splice(0)) wake();
        if (line.endsWith("[gateway] ready")) ready.resolve();
      });
    }
    child.once("exit", (code) =>
      ready.reject(new Error(`The gateway ended with ${code}:\n${this.output.slice(-20).join("\n")}`)),
    );
    await ready.promise;
  }

  /** Resolves when the gateway has printed, or prints, a line that matches. */
  async printed(pattern: RegExp): Promise<void> {
    while (!this.output.some((line) => pattern.test(line))) {
      await new Promise<void>((resolve) => this.#readers.push(resolve));
    }
  }

  /** Resolves when a session has had a run, and none is under way. */
  async idle(sessionKey: string): Promise<void> {
    const { connection } = await connectToGateway(
      { url: this.url, token: this.token, clientVersion: "0.0.0", onEvent() {}, onGap() {} },
      AbortSignal.timeout(20_000),
    );
    try {
      for (;;) {
        const { tasks } = await connection.request("tasks.list", { sessionKey });
        const states = asObjects(tasks).map(({ status }) => status);
        if (states.length > 0 && !states.includes("running") && !states.includes("queued")) return;
        await wait(100);
      }
    } finally {
      await connection.close();
    }
  }

  /** Ends the gateway and its children at once, as a crash would. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Asks the gateway to stop in its own way, and waits until it has. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  /** Kills what runs and removes the folder. */
  async close(): Promise<void> {
    await this.kill();
    keepLog("gateway", this.output);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Runs the gateway's own command line against it and returns what it printed. */
  async command(...args: string[]): Promise<string> {
    const child = spawn(process.execPath, [openclaw, ...args], { env: this.environment });
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
    });
    child.stderr.on("data", (chunk) => {
      text += chunk;
    });
    const [code] = await once(child, "close");
    if (code !== 0) throw new Error(`openclaw ${args.join(" ")} ended with ${code}: ${text}`);
    return text;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    // SIGKILL goes to the whole process group this class made, so that the gateway leaves no children behind.
    process.kill(signal === "SIGKILL" ? -child.pid : child.pid, signal);
    await exited;
  }

  #config(modelUrl: string) {
    const model = {
      id: "stub-1",
      name: "Stub",
      reasoning: false,
      input: ["text", "image"],
      cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
      contextWindow: 128_000,
      maxTokens: 4096,
    };
    return {
      gateway: {
        mode: "local",
        port: this.port,
        bind: "loopback",
        // A reverse proxy on this machine may name the client it forwards, who then counts as remote: has to pair.
        trustedProxies: ["127.0.0.1"],
        auth: { mode: "token", token: this.token },
        controlUi: { enabled: false },
      },
      models: {
        mode: "replace",
        providers: {
          stub: {
            baseUrl: modelUrl,
            apiKey: "sk-stub",
            api: "openai-completions",
            models: [model, { ...model, id: "stub-text", input: ["text"] }],
          },
        },
      },
      agents: {
        defaults: {
          model: { primary: "stub/stub-1" },
          workspace: join(this.folder, "workspace"),
          skipBootstrap: true,
        },
        list: [{ id: "main", default: true }, { id: "coder" }, { id: "reader", model: "stub/stub-text" }],
      },
      logging: { file: join(this.folder, "gateway.log") },
      update: { checkOnStart: false },
    };
  }
}

/** Takes the gateway and its children down with this process, also when that is told to stop. */
function endWithThisProcess(child: ChildProcess): void {
  const kill = () => {
    if (child.pid && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, "SIGKILL");
  };
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
