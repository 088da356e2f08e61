import type { Server } from "node:http";
import type { Socket } from "node:net";
import { MAX_CALLBACK_BYTES } from "@mission-control/protocol";
import type { AllowedHosts } from "../allowed-hosts.ts";
import type { ClientAddresses } from "../client-address.ts";
import type { ConnectionLimit } from "./connection-limit.ts";
import type { WholeAnswer, WholeRequest } from "./exchange.ts";
import { isCallback, isEventStream } from "./hot-routes.ts";
import { type PlainRequest, readPlainRequest } from "./plain-request.ts";
import { withoutBasePath } from "./request-target.ts";

/** An idle connection is closed after so long, in milliseconds. */
const IDLE_MS = 75_000;

export interface FastLaneOptions {
  /** A request for a name that is not this server's is left to the HTTP server, to be refused. */
  allowedHosts: Pick<AllowedHosts, "allows">;
  /** Takes a callback; never rejects. */
  callbacks: { take(request: WholeRequest): Promise<WholeAnswer> };
  /** See {@link withoutBasePath}. */
  basePath: string;
  addresses: ClientAddresses;
  connections: Pick<ConnectionLimit, "admit">;
  /**
   * Finds out who asks for an event stream. Resolves to what serves it on the socket, once nobody else reads that; which
   * returns false, with the socket untouched, where the request has to be refused, in words. Never rejects.
   */
  prepareStream: (socket: Socket, request: Pick<PlainRequest, "url" | "headers">) => Promise<() => boolean>;
}

/**
 * Serves the two hot routes straight on the socket: callbacks, and the opening of event streams. Only plain
 * requests are read here; at the first one that is not, or that is for another route, the connection goes to
 * Node's HTTP server, with every byte, for good. What it saves was measured (docs/performance.md).
 */
export class FastLane {
  readonly #options: FastLaneOptions;
  readonly #connections = new Set<LaneConnection>();
  #closing = false;

  constructor(options: FastLaneOptions) {
    this.#options = options;
  }

  /** Puts itself before the HTTP server's own handling of new connections. */
  attach(server: Server): void {
    const handlers = server.listeners("connection") as ((socket: Socket) => void)[];
    server.removeAllListeners("connection");
    server.on("connection", (socket: Socket) => {
      if (!this.#options.connections.admit(socket)) return;
      const connection = new LaneConnection(socket, this.#options, (left) => {
        this.#connections.delete(connection);
        if (left) for (const handler of handlers) handler.call(server, socket);
      });
      this.#connections.add(connection);
      if (this.#closing) connection.finish();
    });
  }

  /** Answers what is in hand, then closes each connection that is still here. */
  close(): void {
    this.#closing = true;
    for (const connection of this.#connections) connection.finish();
  }
}

/** One connection for as long as it sends nothing but plain callbacks. */
class LaneConnection {
  readonly #socket: Socket;
  readonly #options: FastLaneOptions;
  readonly #leave: (toHttpServer: boolean) => void;
  /** Set while a callback waits for its commit, or a stream for who asks for it: what has come since. */
  #early: Buffer[] | null = null;
  #finishing = false;

  constructor(socket: Socket, options: FastLaneOptions, leave: (toHttpServer: boolean) => void) {
    this.#socket = socket;
    this.#options = options;
    this.#leave = leave;
    socket.setNoDelay(true);
    socket.setTimeout(IDLE_MS);
    socket.on("data", this.#onData).on("end", this.#onEnd).on("timeout", this.#onClosed);
    socket.on("error", this.#onClosed).on("close", this.#onClosed);
  }

  /** Ends the connection as soon as nothing is in hand, whether or not the client ends its side. */
  finish(): void {
    this.#finishing = true;
    if (!this.#early) this.#socket.destroySoon();
  }

  readonly #onData = (bytes: Buffer): void => {
    if (this.#early) {
      this.#early.push(bytes);
      // One answer at a time: a client that sends on is not read further until it had its answer.
      this.#socket.pause();
      return;
    }
    const plain = readPlainRequest(bytes);
    if (plain) plain.url = withoutBasePath(plain.url, this.#options.basePath);
    const request = plain && this.#isForUs(plain) ? plain : null;
    if (request?.method === "POST" && isCallback(request.url) && request.body.length <= MAX_CALLBACK_BYTES) {
      this.#take(request);
    } else if (request?.method === "GET" && isEventStream(request.url)) {
      this.#stream(request, bytes);
    } else this.#handOver(bytes);
  };

  readonly #onEnd = (): void => {
    if (!this.#early) this.#socket.end();
    else this.#finishing = true;
  };

  readonly #onClosed = (): void => {
    this.#detach();
    this.#socket.destroy();
    this.#leave(false);
  };

  #take(request: PlainRequest): void {
    this.#early = [];
    const { callbacks, addresses } = this.#options;
    const { url, headers, body } = request;
    const address = addresses.of({ socket: this.#socket, headers });
    void callbacks.take({ url, headers, body, address }).then((answer) => {
      const early = this.#early ?? [];
      this.#early = null;
      if (this.#socket.destroyed) return;
      this.#socket.write(responseText(answer, this.#finishing));
      if (this.#finishing) this.#socket.destroySoon();
      else if (early.length > 0) this.#continueWith(early);
    });
  }

  #continueWith(early: readonly Buffer[]): void {
    this.#socket.resume();
    this.#onData(Buffer.concat(early));
  }

  #isForUs({ headers }: PlainRequest): boolean {
    return this.#options.allowedHosts.allows({ socket: this.#socket, headers });
  }

  #stream(request: PlainRequest, bytes: Buffer): void {
    this.#early = [];
    // What comes meanwhile, also that the client ends its side, is for whoever has the connection then.
    this.#socket.pause();
    void this.#options.prepareStream(this.#socket, request).then((serve) => {
      this.#early = null;
      if (this.#socket.destroyed) return;
      if (this.#finishing) {
        this.#socket.destroySoon();
        return;
      }
      this.#detach();
      if (serve()) this.#leave(false);
      else this.#handOver(bytes);
    });
  }

  /** Leaves the connection to the HTTP server, with what was read of it. */
  #handOver(bytes: Buffer): void {
    this.#detach();
    this.#socket.unshift(bytes);
    this.#leave(true);
    this.#socket.resume();
  }

  #detach(): void {
    const socket = this.#socket;
    socket.off("data", this.#onData).off("end", this.#onEnd).off("timeout", this.#onClosed);
    socket.off("error", this.#onClosed).off("close", this.#onClosed);
    socket.setTimeout(0);
  }
}

function responseText({ status, title, headers, body }: WholeAnswer, closing: boolean): string {
  let head = `HTTP/1.1 ${status} ${title}\r\n`;
  for (const [name, value] of headers) head += `${name}: ${value}\r\n`;
  if (closing) head += "Connection: close\r\n";
  return `${head}Content-Length: ${Buffer.byteLength(body)}\r\nDate: ${httpDate()}\r\n\r\n${body}`;
}

let dateSecond = 0;
let dateText = "";

/** The Date header's value, made once a second (RFC 9110, section 6.6.1). */
function httpDate(): string {
  const now = Date.now();
  // Also when the clock was set back: agents compare it with their own when a signature's time is refused.
  if (now < dateSecond || now - dateSecond >= 1000) {
    dateSecond = now - (now % 1000);
    dateText = new Date(now).toUTCString();
  }
  return dateText;
}
