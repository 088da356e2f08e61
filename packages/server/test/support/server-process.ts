import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DispatchPayload } from "@mission-control/protocol";
import { type Finished, type Running, start } from "../../../cli/test/command-line.ts";
import { wholeRequests } from "../../../protocol/test/whole-requests.ts";

/** A Mission Control that runs as a process of its own, and can be killed and started again where it was. */
export class ServerProcess {
  readonly folder = mkdtempSync(join(tmpdir(), "mission-control-process-"));
  /** Where it listens, without a slash at the end. */
  url = "";
  token = "";
  readonly #environment: Record<string, string>;
  #running: Running | null = null;

  /** @param environment settings beside its port and folder */
  static async start(environment: Record<string, string> = {}): Promise<ServerProcess> {
    const server = new ServerProcess(environment);
    await server.restart();
    server.token = readFileSync(join(server.folder, "token"), "utf8").trim();
    return server;
  }

  private constructor(environment: Record<string, string>) {
    this.#environment = environment;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Starts it on any free port, or again on the same port and folder as before; resolves when it answers. */
  async restart(): Promise<void> {
    const port = this.url === "" ? 0 : this.port;
    const args = ["start", "--port", String(port), "--data-dir", this.folder, "--json"];
    this.#running = start(args, this.#environment);
    ({ url: this.url } = JSON.parse(await this.#running.line()) as { url: string });
  }

  /** Ends it with a signal; resolves when it is gone. */
  async end(signal: NodeJS.Signals): Promise<Finished> {
    const running = this.#running;
    if (!running) throw new Error("The server does not run.");
    this.#running = null;
    running.child.kill(signal);
    return running.finished;
  }

  /** Stops it where it is, as a process that hangs, or lets it go on. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#running?.child.kill(signal);
  }

  /** What it has written to the standard error since it was started. */
  get stderr(): string {
    return this.#running?.stderr() ?? "";
  }

  /** Calls the API with the token. */
  call<Body>(method: string, path: string, body?: unknown): Promise<Body> {
    return callApi<Body>(this, method, path, body);
  }

  async close(): Promise<void> {
    if (this.#running) await this.end("SIGKILL");
    rmSync(this.folder, { recursive: true });
  }
}

/** Calls the API of a server, whichever way leads to it. */
export async function callApi<Body>(
  { url, token }: { url: string; token: string },
  method: string,
  path: string,
  body?: unknown,
): Promise<Body> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text) as Body;
}

/** An HTTP agent that takes every dispatch, and keeps what it was sent. */
export class AgentDouble {
  readonly received: { method: string; path: string; body: string }[] = [];
  readonly payloads: DispatchPayload[] = [];
  /** How often it was asked whether it is there. */
  probes = 0;
  /** Called for each dispatch before it is answered. */
  beforeAnswer = () => {};
  #wake = () => {};
  #hold: (() => void) | null = null;
  readonly #server = createServer(
    wholeRequests((request, response, bytes) => {
      const body = String(bytes);
      if (request.method === "HEAD") this.probes++;
      else this.received.push({ method: request.method ?? "", path: request.url ?? "", body });
      if (request.method === "POST" && request.url === "/") {
        this.payloads.push(JSON.parse(body) as DispatchPayload);
        this.#wake();
        this.beforeAnswer();
      }
      if (request.method !== "HEAD" && this.#hold) {
        this.#hold();
        this.#hold = null;
        return;
      }
      response.writeHead(202).end();
    }),
  );

  /** @param port 0 for any */
  static async start(port = 0): Promise<AgentDouble> {
    const agent = new AgentDouble();
    await new Promise<void>((resolve) => agent.#server.listen(port, "127.0.0.1", resolve));
    return agent;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Resolves when it was sent so many dispatches, counted from the start. */
  receives(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        if (this.payloads.length >= count) resolve();
      };
      this.#wake();
    });
  }

  /** Leaves the next request but a probe without an answer; resolves when it came. */
  holdNext(): Promise<void> {
    return new Promise((resolve) => {
      this.#hold = resolve;
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Registers the agent and gives it so many tasks; resolves to what it was sent for each. */
export async function dispatchTasks(
  server: Pick<ServerProcess, "call">,
  agent: Pick<AgentDouble, "url" | "payloads">,
  count: number,
): Promise<DispatchPayload[]> {
  const { id: agentId } = await server.call<{ id: string }>("POST", "/api/agents", {
    name: "Agent",
    concurrency: count,
    endpoint: { kind: "http", url: agent.url },
  });
  for (let index = 0; index < count; index++) {
    const { id } = await server.call<{ id: string }>("POST", "/api/tasks", { title: `Task ${index}` });
    await server.call("POST", `/api/tasks/${id}/dispatch`, { agentId });
  }
  return agent.payloads;
}
