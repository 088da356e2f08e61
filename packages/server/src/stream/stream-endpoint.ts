import "../issue-words.ts";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import {
  EVENT_STREAM_TYPE,
  EVENTS_PATH,
  type EventFilter,
  eventStreamQuerySchema,
  PROBLEM_TYPE,
  type Problem,
} from "@mission-control/protocol";
import { z } from "zod";
import type { ClientAddresses, Sender } from "../client-address.ts";
import { takeOver } from "../ingress/take-over.ts";
import type { AddressCount } from "../limits/address-limit.ts";
import type { Limit } from "../limits/limits.ts";
import type { Logger } from "../logger.ts";
import type { Metrics } from "../metrics.ts";
import { detailOf, problemBody } from "../problem.ts";
import { StoreUnavailableError } from "../store/store.ts";
import type { Hub, Subscription } from "./hub.ts";

const HEAD = [
  "HTTP/1.1 200 OK",
  `Content-Type: ${EVENT_STREAM_TYPE}`,
  "Cache-Control: no-cache, no-transform",
  "X-Accel-Buffering: no",
  "X-Content-Type-Options: nosniff",
  // The body ends with the connection (RFC 9112, section 6.3): no length, no chunks around the frames.
  "Connection: close",
].join("\r\n");

/** The request line and headers of a stream request, whichever parser read them. */
export interface StreamRequest {
  url: string;
  headers: IncomingHttpHeaders;
}

export interface StreamEndpointOptions {
  hub: Hub;
  /** Who sent the request; null when they may not read the stream (401). Rejects while nobody can say (503). */
  authorize: (request: Sender) => Promise<StreamReader | null>;
  /** Whether a session goes on, at whichever node it may have been ended. Rejects while nobody can say. */
  sessionLasts: (id: string) => Promise<boolean>;
  /** To be called once for each 401. Returns the seconds its sender has to wait before the next try; 0 for none. */
  refused: (request: Sender) => number;
  addresses: ClientAddresses;
  /** The streams each client address has open. */
  perAddress: AddressCount;
  metrics: Pick<Metrics, "limited">;
  logger: Pick<Logger, "error">;
}

export interface StreamReader {
  /** The session they are logged in by: its streams end within a second of its log-out or expiry. */
  sessionId?: string;
}

/** A request that may be served. */
interface StreamGrant {
  reader: StreamReader;
  subscription: Subscription;
  address: string;
}

/** The problem a request is answered with. */
interface Refusal extends Pick<Problem, "status" | "errors"> {
  detail: string;
  /** The limit that was reached, for a 429. */
  limit?: Limit;
}

/** How long a client that may not open a stream now should wait, in seconds. */
const RETRY_AFTER_SECONDS = 5;
/** How often the sessions that have streams here are looked up, in milliseconds: no stream outlives its own by a second. */
const SESSION_CHECK_MS = 500;

/** `GET /api/events`: the event stream (docs/contract.md, section 5), straight on the socket. */
export class StreamEndpoint {
  readonly #options: StreamEndpointOptions;
  /** Sockets taken over from Node's HTTP server. */
  readonly #taken = new WeakSet<Socket>();
  /** The sessions that have streams here, with their sockets. */
  readonly #bySession = new Map<string, Set<Socket>>();
  readonly #check: NodeJS.Timeout;

  constructor(options: StreamEndpointOptions) {
    this.#options = options;
    this.#check = setInterval(() => this.#endSessions(), SESSION_CHECK_MS).unref();
  }

  /** Looks after no sessions any more; the streams end with their hub. */
  close(): void {
    clearInterval(this.#check);
  }

  /**
   * Finds out who asks for a stream on a socket. Resolves to what serves it, once nobody else reads or writes the socket;
   * which returns false, with the socket untouched, when the request has to be refused: {@link handle} says why.
   */
  async prepare(socket: Socket, request: StreamRequest): Promise<() => boolean> {
    const sender = { ...request, socket };
    const reader = await this.#readerOf(sender);
    return () => {
      const grant = this.#grant(sender, reader);
      if ("status" in grant) return false;
      this.#serve(socket, grant);
      return true;
    };
  }

  /** Serves the stream for a request on Node's HTTP server, or answers 400, 401, 429 or 503. */
  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    const { url = EVENTS_PATH, headers, socket } = request;
    const sender = { url, headers, socket };
    void this.#readerOf(sender).then((reader) => {
      if (socket.destroyed) return;
      const grant = this.#grant(sender, reader);
      if ("status" in grant) {
        this.#refuse(request, response, grant);
        return;
      }
      // A second request in one piece with the first would open a stream inside the stream.
      if (this.#taken.has(socket)) return;
      this.#taken.add(socket);
      this.#serve(takeOver(request), grant);
    });
  };

  /** Ends the streams of each session that was logged out, at any node, or has expired. */
  #endSessions(): void {
    for (const [sessionId, sockets] of this.#bySession) {
      this.#options.sessionLasts(sessionId).then(
        (lasts) => {
          if (!lasts) for (const socket of sockets) socket.destroy();
        },
        // The next check looks it up again.
        (error: unknown) => this.#unavailable(error),
      );
    }
  }

  /** Who asks for a stream, or why they cannot have one. */
  async #readerOf(sender: Sender): Promise<StreamReader | Refusal> {
    try {
      const reader = await this.#options.authorize(sender);
      return reader ?? { status: 401, detail: "Send the bearer token, or log in." };
    } catch (error) {
      return this.#unavailable(error);
    }
  }

  /** Why nobody could say who asks: a fault of the server's own is logged. */
  #unavailable(error: unknown): Refusal {
    if (error instanceof StoreUnavailableError) return { status: 503, detail: error.message };
    this.#options.logger.error({ err: error }, "a stream's session could not be looked up");
    return { status: 500, detail: "The server failed to answer; its log tells why." };
  }

  #refuse(request: IncomingMessage, response: ServerResponse, { limit, ...problem }: Refusal): void {
    const wait = problem.status === 401 ? this.#options.refused(request) : 0;
    const answer = wait > 0 ? { ...problem, ...tooManyTries(wait) } : problem;
    if (answer.status === 401) response.setHeader("WWW-Authenticate", "Bearer");
    if (limit !== undefined) this.#options.metrics.limited(limit);
    const isForNow = answer.status === 429 || answer.status === 503;
    if (isForNow) response.setHeader("Retry-After", wait || RETRY_AFTER_SECONDS);
    response.statusCode = answer.status;
    response.setHeader("Content-Type", PROBLEM_TYPE);
    const { status, detail, errors } = answer;
    response.end(problemBody(status, detail, errors ? { errors } : {}));
  }

  #serve(socket: Socket, { reader, subscription, address }: StreamGrant): void {
    const key = this.#options.perAddress.enter(address);
    if (key !== null) socket.once("close", () => this.#options.perAddress.leave(key));
    if (reader.sessionId !== undefined) this.#tie(socket, reader.sessionId);
    // Whatever the client still sends is read and dropped; when it ends its side, so does the stream.
    socket.on("data", drop).on("end", endToo).on("error", destroy);
    socket.resume();
    // Held back, so that the head and how the stream begins leave in one write.
    socket.cork();
    socket.write(`${HEAD}\r\nDate: ${new Date().toUTCString()}\r\n\r\n`);
    this.#options.hub
      .subscribe(socket, subscription)
      .catch(() => socket.destroy())
      .finally(() => socket.uncork());
  }

  #tie(socket: Socket, sessionId: string): void {
    const sockets = this.#bySession.get(sessionId) ?? new Set();
    this.#bySession.set(sessionId, sockets.add(socket));
    socket.once("close", () => {
      sockets.delete(socket);
      if (sockets.size === 0) this.#bySession.delete(sessionId);
    });
  }

  #grant(request: StreamRequest & Sender, reader: StreamReader | Refusal): StreamGrant | Refusal {
    if ("status" in reader) return reader;
    const { searchParams } = new URL(request.url, "http://localhost");
    const query = Object.fromEntries([...searchParams].filter(([, value]) => value !== ""));
    // A browser that reconnects sends its newest id in the header and the URL as it was first opened.
    const header = request.headers["last-event-id"];
    if (typeof header === "string" && header !== "") query.lastEventId = header;
    const parsed = eventStreamQuerySchema.safeParse(query);
    if (!parsed.success) {
      const errors = parsed.error.issues.map(({ path, message }) => ({
        path: z.core.toDotPath(path),
        message,
      }));
      return { status: 400, detail: detailOf(errors), errors };
    }
    const { lastEventId, taskId, agentId, types, unnamed = false } = parsed.data;
    const filter: EventFilter = {
      ...(taskId === undefined ? {} : { taskId }),
      ...(agentId === undefined ? {} : { agentId }),
      ...(types === undefined || types.length === 0 ? {} : { types }),
    };
    const address = this.#options.addresses.of(request);
    const limit = this.#limitReached(address, filter);
    if (limit) return { status: 429, detail: FULL[limit], limit };
    return { reader, subscription: { filter, after: lastEventId ?? null, unnamed }, address };
  }

  #limitReached(address: string, filter: EventFilter): keyof typeof FULL | null {
    if (this.#options.perAddress.isFull(address)) return "streams_per_address";
    return this.#options.hub.takes(filter) ? null : "stream_filters";
  }
}

const FULL = {
  streams_per_address: "This address has too many streams open; close some, or try again.",
  stream_filters: "Streams with too many different filters are open; use one that is, or try again.",
} as const satisfies Partial<Record<Limit, string>>;

function tooManyTries(seconds: number): Refusal {
  const detail = `Too many wrong tokens came from this address: try again in ${seconds} s.`;
  return { status: 429, detail };
}

function drop(): void {}

function endToo(this: Socket): void {
  this.end();
}

function destroy(this: Socket): void {
  this.destroy();
}
