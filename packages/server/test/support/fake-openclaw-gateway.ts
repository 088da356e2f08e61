import { once } from "node:events";
import type { IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import type { JsonObject } from "@mission-control/protocol";
import { type WebSocket, WebSocketServer } from "ws";
import { whyRefused } from "./gateway-frames.ts";

/** A request that reached the fake gateway. */
export interface FakeRequest {
  method: string;
  params: JsonObject;
  /** Answers it: with a payload, or with an error. */
  answer(payload: JsonObject): void;
  refuse(error: JsonObject): void;
  socket: WebSocket;
}

type Handler = (request: FakeRequest) => void;

/**
 * Speaks the gateway's frames for what a real one does not do on demand: silence, gaps, slow answers, refusals.
 * Each method has a handler; one without any is never answered. Every frame it gets is held against the official
 * validators: {@link close} rejects when one was not valid.
 */
export class FakeOpenClawGateway {
  readonly requests: FakeRequest[] = [];
  readonly sockets: WebSocket[] = [];
  bootId = "boot-1";
  tickIntervalMs = 60_000;
  maxPayloadBytes = 25 * 1024 * 1024;
  readonly handlers = new Map<string, Handler>();
  /** The headers of each connection's upgrade request. */
  readonly upgrades: IncomingHttpHeaders[] = [];
  readonly #invalid: string[] = [];
  #server: WebSocketServer;
  #waiters: { method: string; count: number; resolve: (request: FakeRequest) => void }[] = [];

  private constructor(server: WebSocketServer) {
    this.#server = server;
    this.handlers.set("connect", ({ answer }) => answer(this.hello()));
    server.on("connection", (socket, { headers }) => {
      this.upgrades.push(headers);
      this.#serve(socket);
    });
  }

  static async listen(port = 0): Promise<FakeOpenClawGateway> {
    const server = new WebSocketServer({ host: "127.0.0.1", port });
    await once(server, "listening");
    return new FakeOpenClawGateway(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  hello(): JsonObject {
    return {
      type: "hello-ok",
      protocol: 4,
      server: { version: "1.2.3", bootId: this.bootId, connId: "c" },
      auth: { role: "operator", scopes: ["operator.read", "operator.write"] },
      policy: { tickIntervalMs: this.tickIntervalMs, maxPayload: this.maxPayloadBytes },
    };
  }

  on(method: string, handler: Handler): void {
    this.handlers.set(method, handler);
  }

  /** Resolves with the n-th request of a method, from 1, past or to come. */
  request(method: string, count = 1): Promise<FakeRequest> {
    const past = this.requests.filter((request) => request.method === method)[count - 1];
    if (past) return Promise.resolve(past);
    return new Promise((resolve) => this.#waiters.push({ method, count, resolve }));
  }

  count(method: string): number {
    return this.requests.filter((request) => request.method === method).length;
  }

  /** Sends an event on every connection. */
  tell(event: string, payload: JsonObject, seq?: number): void {
    const frame = JSON.stringify({ type: "event", event, payload, ...(seq === undefined ? {} : { seq }) });
    for (const socket of this.sockets) socket.send(frame);
  }

  /** Cuts every connection. */
  cut(): void {
    for (const socket of this.sockets.splice(0)) socket.terminate();
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
    if (this.#invalid.length > 0)
      throw new Error(`The client sent what the protocol forbids: ${this.#invalid.join("; ")}`);
  }

  #serve(socket: WebSocket): void {
    this.sockets.push(socket);
    socket.on("close", () => {
      const index = this.sockets.indexOf(socket);
      if (index >= 0) this.sockets.splice(index, 1);
    });
    socket.on("message", (data: Buffer) => {
      const frame = JSON.parse(data.toString());
      const why = whyRefused(frame);
      if (why) this.#invalid.push(why);
      const { id, method, params } = frame;
      const respond = (rest: JsonObject) => socket.send(JSON.stringify({ type: "res", id, ...rest }));
      const request: FakeRequest = {
        method,
        params,
        answer: (payload) => respond({ ok: true, payload }),
        refuse: (error) => respond({ ok: false, error }),
        socket,
      };
      this.requests.push(request);
      this.handlers.get(method)?.(request);
      const count = this.count(method);
      const ready = this.#waiters.filter((waiter) => waiter.method === method && waiter.count === count);
      this.#waiters = this.#waiters.filter((waiter) => !ready.includes(waiter));
      for (const { resolve } of ready) resolve(request);
    });
    socket.send(
      JSON.stringify({
        type: "event",
        event: "connect.challenge",
        payload: { nonce: "n-1", ts: 1_700_000_000_000 },
      }),
    );
  }
}
