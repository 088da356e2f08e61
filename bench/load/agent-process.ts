import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "./channel.ts";
import { HttpClient } from "./http-client.ts";

export interface StartAgents {
  /** The server's port, for the callbacks. */
  port: number;
  /** The shared callback secret. */
  secret: string;
}

interface Work {
  taskId: string;
  agentId: string;
  dispatchId: string;
}

/** Callbacks sent at the same time. */
const CONNECTIONS = 64;

let client: HttpClient;
let secret = "";
let holding = true;
let held: Work[] = [];
let completed = 0;
const seen = new Set<string>();
let failure: Error | undefined;
let wake: (() => void) | undefined;

/** HTTP agents that accept whatever comes and, once released, complete it at once by a signed callback. */
const calls = {
  async start(options: StartAgents): Promise<{ url: string }> {
    secret = options.secret;
    client = new HttpClient(options.port, {}, CONNECTIONS);
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        response.writeHead(200, { "Content-Type": "application/json" }).end('{"accepted":true}');
        // Whether the agent is there is asked by HEAD.
        if (request.method === "POST") accept(Buffer.concat(chunks).toString());
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/agent` };
  },

  /** Completes what was accepted so far and from now on; answers once `count` dispatches were completed. */
  async release({ count }: { count: number }): Promise<{ completed: number; milliseconds: number }> {
    const startedAt = performance.now();
    holding = false;
    const waiting = held;
    held = [];
    for (const work of waiting) complete(work);
    await new Promise<void>((resolve, reject) => {
      wake = () => {
        if (failure) reject(failure);
        else if (completed >= count) resolve();
      };
      wake();
    });
    return { completed, milliseconds: performance.now() - startedAt };
  },

  /** How many dispatches arrived. */
  accepted(): number {
    if (failure) throw failure;
    return seen.size;
  },
};
export type AgentCalls = typeof calls;

function accept(body: string): void {
  const { dispatchId, task, agent } = JSON.parse(body);
  if (seen.has(dispatchId)) fail(new Error(`Dispatch ${dispatchId} came twice.`));
  seen.add(dispatchId);
  const work = { taskId: task.id, agentId: agent.id, dispatchId };
  if (holding) held.push(work);
  else complete(work);
}

function complete(work: Work): void {
  const callback = { ...work, type: "complete", summary: "Done.", timestamp: new Date().toISOString() };
  const body = JSON.stringify(callback);
  const signature = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
  client.ask("POST", "/api/webhooks/callback", body, { "X-Signature-SHA256": signature }).then(() => {
    completed += 1;
    wake?.();
  }, fail);
}

function fail(error: Error): void {
  failure ??= error;
  wake?.();
}

serve(calls);
