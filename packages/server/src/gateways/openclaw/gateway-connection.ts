import { setTimeout as wait } from "node:timers/promises";
import type { JsonObject } from "@mission-control/protocol";
import { explainNetworkError } from "@mission-control/protocol/network-errors";
import { WebSocket } from "ws";
import { type EventFrame, parseFrame, type ResponseFrame } from "./frames.ts";
import {
  ConnectError,
  ConnectionLostError,
  explainConnectRefusal,
  FrameTooLargeError,
  RequestRefusedError,
  RequestTimeoutError,
} from "./gateway-errors.ts";
import { shownUrl } from "./gateway-url.ts";
import { type Credentials, connectParams, type Hello, type Offer, readHello } from "./handshake.ts";

/** Ticks that may be missed before the peer counts as dead. */
const MISSED_TICKS = 2;
const CONNECT_TIMEOUT_MS = 20_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** The largest frame taken from a gateway, in bytes; its own limit of what it takes is in `hello-ok`. */
const MAX_FRAME_BYTES = 25 * 1024 * 1024;

export interface ConnectionOptions extends Credentials {
  url: string;
  /** Handshake included. In milliseconds; default 20 s. */
  connectTimeoutMs?: number;
  /** In milliseconds; default 30 s. */
  requestTimeoutMs?: number;
  onEvent(event: EventFrame, connection: GatewayConnection): void;
  /** Events were dropped on the way: their numbers have a gap. */
  onGap(connection: GatewayConnection): void;
}

export interface RequestOptions {
  /** In milliseconds; default the connection's. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Takes the second answer, which a request that starts a run gets at the run's end; once at most. */
  onFinal?(payload: JsonObject): void;
}

/** One connection to a gateway, from its handshake to its end. It never comes back; see {@link GatewayLink}. */
export class GatewayConnection {
  readonly hello: Hello;
  readonly connectedAt = new Date();
  /** Round trip of the last ping, in milliseconds. */
  latencyMs: number | null = null;
  readonly #socket: WebSocket;
  readonly #options: ConnectionOptions;
  readonly #ended = new AbortController();
  readonly #pending = new Map<string, (response: ResponseFrame) => void>();
  /** Requests that were answered, and will be once more. */
  readonly #finals = new Map<string, (payload: JsonObject) => void>();
  #requests = 0;
  #lastSeq: number | undefined;
  #watchdog: NodeJS.Timeout | undefined;
  #pingSentAt = 0;

  private constructor(socket: WebSocket, options: ConnectionOptions, hello: Hello) {
    this.#socket = socket;
    this.#options = options;
    this.hello = hello;
  }

  /**
   * Connects and shakes hands.
   * @throws ConnectError with a sentence for the operator
   */
  static async open(
    options: ConnectionOptions,
    offer: Offer,
    signal: AbortSignal,
  ): Promise<GatewayConnection> {
    const timeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
    const socket = openSocket(options.url, timeoutMs);
    const give = new AbortController();
    const timer = setTimeout(
      () =>
        give.abort(new ConnectError("connect_failed", "The gateway did not finish the handshake in time.")),
      timeoutMs,
    );
    try {
      return await GatewayConnection.#handshake(
        socket,
        options,
        offer,
        AbortSignal.any([signal, give.signal]),
      );
    } catch (error) {
      socket.terminate();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  static #handshake(socket: WebSocket, options: ConnectionOptions, offer: Offer, signal: AbortSignal) {
    const { promise, resolve, reject } = Promise.withResolvers<GatewayConnection>();
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    // Stays for the socket's life: an error without a listener would end the process; `close` always follows.
    socket.on("error", (error) =>
      reject(
        new ConnectError(
          "connect_failed",
          `The gateway at ${shownUrl(options.url)} cannot be reached: ${explainUpgrade(error)}.`,
          {
            cause: error,
          },
        ),
      ),
    );
    socket.once("close", (_code, reason) =>
      reject(
        new ConnectError(
          "connect_failed",
          `The gateway ended the connection: ${String(reason) || "no reason"}.`,
        ),
      ),
    );
    const connectId = "connect";
    const onMessage = (data: Buffer) => {
      const frame = parseFrame(data.toString());
      if (frame?.type === "event" && frame.event === "connect.challenge") {
        const params = connectParams(options, offer, frame.payload);
        socket.send(JSON.stringify({ type: "req", id: connectId, method: "connect", params }));
      } else if (frame?.type === "res" && frame.id === connectId) {
        try {
          if (!frame.ok)
            throw explainConnectRefusal(new RequestRefusedError(frame), options.identity?.id ?? null);
          const connection = new GatewayConnection(socket, options, readHello(frame.payload, options));
          socket.off("message", onMessage);
          connection.#begin();
          resolve(connection);
        } catch (error) {
          reject(error);
        }
      }
    };
    socket.on("message", onMessage);
    return promise.finally(() => signal.removeEventListener("abort", onAbort));
  }

  /** Aborted when the connection ends; its reason is a {@link ConnectionLostError}. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /**
   * Asks the gateway and resolves with the payload of its first answer.
   * @throws RequestRefusedError when it says no, FrameTooLargeError when it would: then nothing was done
   * @throws ConnectionLostError, RequestTimeoutError when nobody knows whether it was done
   */
  async request(method: string, params: JsonObject, options: RequestOptions = {}): Promise<JsonObject> {
    this.ended.throwIfAborted();
    options.signal?.throwIfAborted();
    const id = String(++this.#requests);
    const frame = JSON.stringify({ type: "req", id, method, params });
    const bytes = Buffer.byteLength(frame);
    if (bytes > this.hello.maxPayloadBytes) throw new FrameTooLargeError(bytes, this.hello.maxPayloadBytes);
    const { promise, resolve, reject } = Promise.withResolvers<ResponseFrame>();
    const fail = (event: Event) => reject((event.target as AbortSignal).reason);
    const timeoutMs = options.timeoutMs ?? this.#options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
    const timer = setTimeout(
      () => reject(new RequestTimeoutError(`The gateway did not answer "${method}" within ${timeoutMs} ms.`)),
      timeoutMs,
    );
    this.ended.addEventListener("abort", fail);
    options.signal?.addEventListener("abort", fail);
    this.#pending.set(id, (response) => {
      // At once: both answers may come in one packet.
      if (options.onFinal && response.ok) this.#finals.set(id, options.onFinal);
      resolve(response);
    });
    try {
      this.#socket.send(frame);
      const response = await promise;
      if (!response.ok) throw new RequestRefusedError(response);
      return response.payload;
    } finally {
      clearTimeout(timer);
      this.#pending.delete(id);
      this.ended.removeEventListener("abort", fail);
      options.signal?.removeEventListener("abort", fail);
    }
  }

  /** Ends the connection in an orderly way. */
  async close(): Promise<void> {
    if (this.ended.aborted) return;
    const ended = new Promise((resolve) => this.ended.addEventListener("abort", resolve, { once: true }));
    this.#socket.close(1000);
    const timer = new AbortController();
    await Promise.race([ended, wait(1000, undefined, { signal: timer.signal }).catch(() => {})]);
    timer.abort();
    this.#end("The connection was closed.");
  }

  #begin(): void {
    this.#socket.on("message", (data: Buffer) => {
      this.#signOfLife();
      const frame = parseFrame(data.toString());
      if (frame?.type === "res") this.#onResponse(frame);
      else if (frame) this.#onEvent(frame);
    });
    this.#socket.on("pong", () => {
      this.latencyMs = Math.round((performance.now() - this.#pingSentAt) * 10) / 10;
      this.#signOfLife();
    });
    this.#socket.once("close", (code, reason) => {
      this.#end(`The gateway ended the connection (${code}${reason.length > 0 ? `, ${reason}` : ""}).`);
    });
    this.#signOfLife();
    this.#ping();
  }

  #onResponse(response: ResponseFrame): void {
    const answered = this.#pending.get(response.id);
    this.#pending.delete(response.id);
    if (answered) {
      answered(response);
      return;
    }
    this.#finals.get(response.id)?.(response.payload);
    this.#finals.delete(response.id);
  }

  #onEvent(event: EventFrame): void {
    if (event.seq !== undefined) {
      const missed = this.#lastSeq !== undefined && event.seq > this.#lastSeq + 1;
      this.#lastSeq = event.seq;
      if (missed) this.#options.onGap(this);
    }
    if (event.event === "tick") this.#ping();
    else this.#options.onEvent(event, this);
  }

  #ping(): void {
    this.#pingSentAt = performance.now();
    this.#socket.ping();
  }

  #signOfLife(): void {
    clearTimeout(this.#watchdog);
    if (this.ended.aborted) return;
    this.#watchdog = setTimeout(
      () => this.#end("The gateway went silent."),
      this.hello.tickIntervalMs * (MISSED_TICKS + 0.5),
    );
  }

  #end(reason: string): void {
    clearTimeout(this.#watchdog);
    this.#socket.terminate();
    if (!this.ended.aborted) this.#ended.abort(new ConnectionLostError(reason));
  }
}

/** @throws ConnectError for an address no WebSocket can be opened at */
function openSocket(url: string, handshakeTimeout: number): WebSocket {
  try {
    return new WebSocket(url, { handshakeTimeout, maxPayload: MAX_FRAME_BYTES, followRedirects: false });
  } catch (error) {
    // The library's own words repeat the address, credentials included.
    throw new ConnectError("connect_failed", `${shownUrl(url)} is not an address of a WebSocket.`, {
      cause: error,
    });
  }
}

/** A gateway that starts or stops answers the upgrade itself with an HTTP status. */
function explainUpgrade(error: Error): string {
  const status = /Unexpected server response: (\d+)/.exec(error.message)?.[1];
  if (status === "503") return "it is starting or stopping (HTTP 503)";
  if (status) return `it answered HTTP ${status} instead of opening a WebSocket`;
  return explainNetworkError(error);
}
