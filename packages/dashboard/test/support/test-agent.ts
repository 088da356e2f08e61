import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AgentView, type DispatchPayload, standardHeaders } from "@mission-control/protocol";
import { wholeRequests } from "../../../protocol/test/whole-requests.ts";
import type { ServerProcess } from "./server-process.ts";

/** An HTTP agent in the test's hands: it accepts what it is sent, and reports what the test tells it to. */
export class TestAgent {
  readonly id: string;
  readonly name: string;
  /** Whether it knows no question any more that it is told the answer to. */
  forgets = false;
  /** What to answer to a dispatch; 202 unless a test wants otherwise. */
  answer: { status: number; body?: object } = { status: 202 };
  /** Cancellations and permission answers, as "METHOD path". */
  readonly told: string[] = [];
  readonly #http: Server;
  readonly #payloads: DispatchPayload[] = [];
  #arrivals: (() => void)[] = [];
  #listening: (() => void)[] = [];
  #waiting: { taskId: string; resolve(payload: DispatchPayload): void }[] = [];

  /** Listens on a free port and registers with the server. */
  static async join(server: ServerProcess, name: string, concurrency = 100): Promise<TestAgent> {
    const http = createServer().listen(0, "127.0.0.1");
    await once(http, "listening");
    const { port } = http.address() as { port: number };
    const agent = await server.call<AgentView>("POST", "/api/agents", {
      name,
      capabilities: ["code"],
      concurrency,
      endpoint: { kind: "http", url: `http://127.0.0.1:${port}/dispatch` },
    });
    return new TestAgent(agent, http);
  }

  private constructor({ id, name }: AgentView, http: Server) {
    this.id = id;
    this.name = name;
    this.#http = http;
    http.on(
      "request",
      wholeRequests((request, response, body) => {
        if (request.method === "POST" && request.url === "/dispatch") {
          response.writeHead(this.answer.status, { "content-type": "application/json" });
          response.end(JSON.stringify(this.answer.body ?? {}));
          if (this.answer.status < 300) this.#take(JSON.parse(String(body)) as DispatchPayload);
          return;
        }
        this.told.push(`${request.method} ${request.url}`);
        for (const heard of this.#listening.splice(0)) heard();
        response.writeHead(this.forgets && request.url?.includes("/permissions/") ? 404 : 200).end("{}");
      }),
    );
  }

  /** The next dispatch of a task this agent gets, or got and nobody asked for yet. */
  async next(taskId: string): Promise<DispatchPayload> {
    const index = this.#payloads.findIndex(({ task }) => task.id === taskId);
    const payload = this.#payloads.splice(index, index < 0 ? 0 : 1)[0];
    if (payload) return payload;
    return new Promise((resolve) => this.#waiting.push({ taskId, resolve }));
  }

  /** The next dispatch of a task with this title. */
  async nextTitled(title: string): Promise<DispatchPayload> {
    for (;;) {
      const payload = this.#payloads.find(({ task }) => task.title === title);
      if (payload) return this.next(payload.task.id);
      await new Promise<void>((resolve) => this.#arrivals.push(resolve));
    }
  }

  /** Resolves once it was told something: "METHOD path". */
  async hears(told: string): Promise<void> {
    while (!this.told.includes(told)) await new Promise<void>((resolve) => this.#listening.push(resolve));
  }

  /** Sends a signed callback; resolves with the answer's status. */
  async report({ callback, task, dispatchId }: DispatchPayload, fields: object): Promise<number> {
    const body = JSON.stringify({ taskId: task.id, agentId: this.id, dispatchId, ...fields });
    const message = { id: `msg_${randomUUID()}`, timestamp: Math.floor(Date.now() / 1_000), body };
    const response = await fetch(callback.url, {
      method: "POST",
      headers: { "content-type": "application/json", ...standardHeaders(callback.secret, message) },
      body,
    });
    await response.arrayBuffer();
    return response.status;
  }

  async close(): Promise<void> {
    this.#http.closeAllConnections();
    this.#http.close();
    await once(this.#http, "close");
  }

  #take(payload: DispatchPayload): void {
    const index = this.#waiting.findIndex(({ taskId }) => taskId === payload.task.id);
    const waiting = this.#waiting.splice(index, index < 0 ? 0 : 1)[0];
    if (waiting) waiting.resolve(payload);
    else this.#payloads.push(payload);
    for (const arrived of this.#arrivals.splice(0)) arrived();
  }
}
