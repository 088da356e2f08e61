import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Entry, FormValues } from "@mission-control/agent";
import { agentRequestId, formatSecret, standardHeaders } from "@mission-control/protocol";
import { CallbackServer } from "../../agent/test/callback-server.ts";
import { wholeRequests } from "../../protocol/test/whole-requests.ts";

interface Registered {
  name: string;
  concurrency: number;
  endpoint: { url: string };
}

/** Stands in for Mission Control: registers agents, dispatches to them, and takes their callbacks. */
export class MissionControlDouble {
  readonly callbacks = new CallbackServer();
  readonly agents = new Map<string, Registered>();
  readonly token = "the administrator's token";
  readonly secret = formatSecret(Buffer.from("the secret of the agent under test"));
  /** Called when an agent was registered, before that is answered. */
  onRegistered = () => {};
  readonly #rest = createServer(
    wholeRequests((request, response, body) => {
      const [, , , id = ""] = (request.url ?? "").split("/");
      const answer = (status: number, value: object) =>
        void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
      if (request.headers.authorization !== `Bearer ${this.token}`) return answer(401, {});
      if (request.method === "GET" || request.method === "DELETE") {
        if (id === "")
          return answer(200, { items: [...this.agents].map(([id, agent]) => ({ id, ...agent })) });
        const known = this.agents.get(id);
        if (!known) return answer(404, { detail: "No such agent." });
        if (request.method === "GET") return answer(200, { id, ...known });
        this.agents.delete(id);
        return void response.writeHead(204).end();
      }
      const agent = JSON.parse(String(body)) as Registered;
      if (request.method === "POST") {
        const created = `agent-${this.agents.size + 1}`;
        this.agents.set(created, agent);
        this.onRegistered();
        return answer(201, { id: created, ...agent, secret: this.secret });
      }
      if (!this.agents.has(id)) return answer(404, { detail: "No such agent." });
      this.agents.set(id, agent);
      return answer(200, { id, ...agent });
    }),
  );

  async listen(): Promise<this> {
    await this.callbacks.listen();
    this.#rest.listen(0, "127.0.0.1");
    await once(this.#rest, "listening");
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#rest.address() as AddressInfo).port}`;
  }

  async dispatch(
    dispatchId: string,
    task: { id?: string; title?: string; description: string; feedback?: string },
  ): Promise<{ accepted: boolean; reason?: string }> {
    const { url, secret, taskId, agentId } = this.callbacks.target(dispatchId);
    const body = {
      version: 1,
      dispatchId,
      attempt: 1,
      task: {
        title: "A task",
        priority: "normal",
        tags: [],
        context: {},
        feedback: null,
        ...task,
        id: task.id ?? taskId,
      },
      agent: { id: agentId, name: "fake", capabilities: [] },
      callback: { url, secret, scheme: "standard-webhooks" },
      dispatchedAt: new Date().toISOString(),
    };
    return (await this.#send("POST", "", body, dispatchId)) as { accepted: boolean; reason?: string };
  }

  async cancel(dispatchId: string): Promise<void> {
    await this.#send("DELETE", dispatchId, undefined, agentRequestId.cancel(dispatchId));
  }

  async answer(dispatchId: string, requestId: string, optionId: string, values?: FormValues): Promise<void> {
    await this.#send(
      "POST",
      `${dispatchId}/permissions/${requestId}`,
      { optionId, ...(values && { values }) },
      agentRequestId.permission(dispatchId, requestId),
    );
  }

  /** @returns how far the message has come, or why it was refused */
  async say(
    dispatchId: string,
    message: { id: string; text: string; mode: "steer" | "next" | "interrupt" },
  ): Promise<string> {
    const id = agentRequestId.message(dispatchId, message.id);
    const answer = await this.#send("POST", `${dispatchId}/messages`, message, id).catch(String);
    return typeof answer === "string" ? answer : (answer as { state: string }).state;
  }

  /** Resolves with what became of a message that was delivered. */
  async endOf(messageId: string): Promise<string> {
    const find = () => this.callbacks.stored.find(({ data }) => data?.messageId === messageId);
    await this.callbacks.until(() => find() !== undefined);
    const { messageState, reason } = find()?.data ?? {};
    return [messageState, reason].filter(Boolean).join(": ");
  }

  /** Entries of a dispatch so far, each as it was told last. */
  entries(dispatchId: string): Entry[] {
    const entries = new Map<string, Entry>();
    for (const { dispatchId: id, entry } of this.callbacks.stored) {
      if (id === dispatchId && entry?.id) entries.set(entry.id, { ...entries.get(entry.id), ...entry });
    }
    return [...entries.values()];
  }

  /** Resolves with the callback of a dispatch that ends it, or that asks. */
  async outcome(dispatchId: string, types: string[] = ["complete", "error"]) {
    const find = () =>
      this.callbacks.stored.find((body) => body.dispatchId === dispatchId && types.includes(body.type));
    await this.callbacks.until(() => find() !== undefined);
    return find() ?? assert.fail();
  }

  /** Lines of progress of a dispatch so far. */
  progress(dispatchId: string): string[] {
    return this.callbacks.stored
      .filter((body) => body.dispatchId === dispatchId && body.type === "progress")
      .flatMap((body) => (body.message ? body.message.split("\n") : []));
  }

  async close(): Promise<void> {
    await this.callbacks.close();
    this.#rest.close();
    this.#rest.closeAllConnections();
  }

  async #send(method: string, path: string, value: object | undefined, id: string): Promise<unknown> {
    const [agent] = this.agents.values();
    const body = value ? JSON.stringify(value) : "";
    const headers = standardHeaders(this.secret, { id, timestamp: Math.floor(Date.now() / 1000), body });
    const url = new URL(path, agent?.endpoint.url);
    const response = await fetch(url, { method, headers, ...(body && { body }) });
    if (!response.ok)
      throw new Error(`${method} ${url} was answered ${response.status}: ${await response.text()}`);
    return response.json();
  }
}
