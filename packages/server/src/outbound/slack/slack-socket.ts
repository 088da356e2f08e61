import type { LookupFunction } from "node:net";
import type { JsonObject } from "@mission-control/protocol";
import { explainNetworkError } from "@mission-control/protocol/network-errors";
import { WebSocket } from "ws";
import { textIn } from "../service-call.ts";

/** Until the connection stands and Slack has said hello, in milliseconds. */
const CONNECT_MS = 15_000;
/** Between two looks whether anything was heard. Slack sends pings of its own, and answers ours. */
const PING_EVERY_MS = 10_000;
const SILENT_MS = 30_000;
/** One that is replaced hears on for so long: what was sent to it before is still to come. */
const LAST_WORDS_MS = 10_000;
/** The largest message taken, in bytes. */
const MAX_BYTES = 1024 * 1024;

export interface SlackSocketOptions {
  /** From `apps.connections.open`; good for one connection. */
  url: string;
  lookup: LookupFunction | undefined;
  /** Takes what people did; it was acknowledged already, as Slack waits for that three seconds at most. */
  take: (payload: JsonObject) => void;
}

/**
 * One connection of Socket Mode, from its hello until Slack ends it, or says that it will.
 * @see https://docs.slack.dev/apis/events-api/using-socket-mode
 */
export class SlackSocket {
  readonly #socket: WebSocket;
  readonly #options: SlackSocketOptions;
  readonly #hello = Promise.withResolvers<void>();
  readonly #replaced = Promise.withResolvers<void>();
  #heardAt = performance.now();
  #watch: NodeJS.Timeout | undefined;

  constructor(options: SlackSocketOptions) {
    this.#options = options;
    const { url, lookup } = options;
    this.#socket = new WebSocket(url, {
      handshakeTimeout: CONNECT_MS,
      maxPayload: MAX_BYTES,
      ...(lookup ? { lookup } : {}),
    });
    const heard = () => {
      this.#heardAt = performance.now();
    };
    this.#socket.on("ping", heard).on("pong", heard);
    this.#socket.on("message", (data) => {
      heard();
      this.#read(String(data));
    });
    // `close` follows.
    this.#socket.on("error", (error) => this.#hello.reject(new Error(explainNetworkError(error))));
    this.#socket.once("close", () => {
      clearInterval(this.#watch);
      this.#hello.reject(new Error("Slack closed the connection"));
      this.#replaced.resolve();
    });
    this.#watch = setInterval(() => this.#look(), PING_EVERY_MS).unref();
    // Whoever waits is told; nobody need.
    this.#hello.promise.catch(() => {});
  }

  /** Resolves when Slack has said hello. @throws Error with the reason when it does not */
  async opened(): Promise<void> {
    const timer = setTimeout(
      () => this.#hello.reject(new Error("Slack did not say hello in time")),
      CONNECT_MS,
    );
    await this.#hello.promise.finally(() => clearTimeout(timer));
  }

  /** Resolves when another connection is to be made: this one has ended, or will soon. */
  over(): Promise<void> {
    return this.#replaced.promise;
  }

  /** Ends it, once what was sent to it before has come. */
  retire(): void {
    setTimeout(() => this.close(), LAST_WORDS_MS).unref();
  }

  close(): void {
    clearInterval(this.#watch);
    this.#socket.terminate();
  }

  #read(text: string): void {
    let message: JsonObject;
    try {
      message = JSON.parse(text) as JsonObject;
    } catch {
      return;
    }
    if (message.type === "hello") this.#hello.resolve();
    else if (message.type === "disconnect") this.#replaced.resolve();
    const envelopeId = textIn(message, "envelope_id");
    if (envelopeId === "") return;
    this.#socket.send(JSON.stringify({ envelope_id: envelopeId }), () => {});
    const { payload } = message;
    if (message.type === "interactive" && typeof payload === "object" && payload && !Array.isArray(payload)) {
      this.#options.take(payload);
    }
  }

  #look(): void {
    if (performance.now() - this.#heardAt > SILENT_MS) this.close();
    else if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping();
  }
}
