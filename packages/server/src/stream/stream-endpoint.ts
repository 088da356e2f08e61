import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import {
  EVENT_STREAM_TYPE,
  EVENTS_PATH,
  type EventFilter,
  eventFilterQuerySchema,
  eventPositionSchema,
  PROBLEM_TYPE,
  type Problem,
} from "@mission-control/protocol";
import { z } from "zod";
import type { ClientAddresses, Sender } from "../client-address.ts";
import type { AddressCount } from "../limits/address-limit.ts";
import type { Limit } from "../limits/limits.ts";
import type { Metrics } from "../metrics.ts";
import type { Hub } from "./hub.ts";
import { takeOver } from "./take-over.ts";

const HEAD = [
  "HTTP/1.1 200 OK",
  `Content-Type: ${EVENT_STREAM_TYPE}`,
  "Cache-Control: no-cache, no-transform",
  "X-Accel-Buffering: no",
  "X-Content-Type-Options: nosniff",
  // The body ends with the connection (RFC 9112, section 6.3): no length, no chunks around the frames.
  "Connection: close",
].join("\r\n");

const querySchema = eventFilterQuerySchema.extend({ lastEventId: eventPositionSchema.optional() });

/** What a stream request says, whoever read it. */
export interface StreamRequest {
  url: string;
  headers: IncomingHttpHeaders;
}

export interface StreamEndpointOptions {
  hub: Hub;
  /** Who sent the request; null when they may not read the stream. */
  authorize: (request: Sender) => StreamReader | null;
  /** Takes note of a request that was refused for that; seconds to wait before the next try, 0 for none. */
  refused: (request: Sender) => number;
  addresses: ClientAddresses;
  /** The streams each client address has open. */
  perAddress: AddressCount;
  metrics: Pick<Metrics, "limited">;
}

export interface StreamReader {
  /** The log-in that lets them read: its streams end with it. */
  sessionId?: string;
}

interface Wanted {
  reader: StreamReader;
  filter: EventFilter;
  after: number | null;
  address: string;
}

interface Refused extends Omit<Problem, "type"> {
  /** What it is over. */
  limit?: Limit;
}

/** How long a client that may not open one more stream should wait, in seconds. */
const RETRY_AFTER_SECONDS = 5;

/** `GET /api/events`: the event stream (contract, section 5), straight on the socket. */
export class StreamEndpoint {
  readonly #options: StreamEndpointOptions;
  /** Sockets taken from Node's HTTP server. */
  readonly #taken = new WeakSet<Socket>();

  readonly #bySession = new Map<string, Set<Socket>>();

  constructor(options: StreamEndpointOptions) {
    this.#options = options;
  }

  /** Ends the streams of a log-in that is over. */
  endSession(sessionId: string): void {
    for (const socket of this.#bySession.get(sessionId) ?? []) socket.destroy();
  }

  /** Serves the stream on a socket nobody else reads or writes; false, untouched, when it has to be refused. */
  open(socket: Socket, request: StreamRequest): boolean {
    const wanted = this.#read({ ...request, socket });
    if ("status" in wanted) return false;
    this.#serve(socket, wanted);
    return true;
  }

  /** The same for a request on Node's HTTP server, refusals included. */
  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    const { url = EVENTS_PATH, headers } = request;
    const wanted = this.#read({ url, headers, socket: request.socket });
    if ("status" in wanted) {
      this.#refuse(request, response, wanted);
      return;
    }
    // A second request in one piece with the first would open a stream inside the stream.
    if (this.#taken.has(request.socket)) return;
    this.#taken.add(request.socket);
    this.#serve(takeOver(request), wanted);
  };

  #refuse(request: IncomingMessage, response: ServerResponse, { limit, ...problem }: Refused): void {
    const wait = problem.status === 401 ? this.#options.refused(request) : 0;
    const told = wait > 0 ? { ...problem, ...guessing(wait) } : problem;
    if (told.status === 401) response.setHeader("WWW-Authenticate", "Bearer");
    if (limit !== undefined) this.#options.metrics.limited(limit);
    if (told.status === 429) response.setHeader("Retry-After", wait || RETRY_AFTER_SECONDS);
    response.statusCode = told.status;
    response.setHeader("Content-Type", PROBLEM_TYPE);
    response.end(JSON.stringify({ type: "about:blank", ...told }));
  }

  #serve(socket: Socket, { reader, filter, after, address }: Wanted): void {
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
      .subscribe(socket, filter, after)
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

  #read(request: StreamRequest & Sender): Wanted | Refused {
    const reader = this.#options.authorize(request);
    if (!reader) {
      return { status: 401, title: "Unauthorized", detail: "Send the bearer token, or log in." };
    }
    const { searchParams } = new URL(request.url, "http://localhost");
    const query = Object.fromEntries([...searchParams].filter(([, value]) => value !== ""));
    // A browser that reconnects sends its newest id in the header and the URL as it was first opened.
    const header = request.headers["last-event-id"];
    if (typeof header === "string" && header !== "") query.lastEventId = header;
    const parsed = querySchema.safeParse(query);
    if (!parsed.success) {
      const errors = parsed.error.issues.map(({ path, message }) => ({
        path: z.core.toDotPath(path),
        message,
      }));
      return { status: 400, title: "Bad Request", detail: "The stream cannot be opened like this.", errors };
    }
    const { lastEventId, taskId, agentId, types } = parsed.data;
    const filter: EventFilter = {
      ...(taskId === undefined ? {} : { taskId }),
      ...(agentId === undefined ? {} : { agentId }),
      ...(types === undefined || types.length === 0 ? {} : { types }),
    };
    const address = this.#options.addresses.of(request);
    const limit = this.#limitReached(address, filter);
    if (limit) return { status: 429, title: "Too Many Requests", detail: FULL[limit], limit };
    return { reader, filter, after: lastEventId ?? null, address };
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

function guessing(seconds: number): Refused {
  const detail = `Too many wrong tokens came from this address: try again in ${seconds} s.`;
  return { status: 429, title: "Too Many Requests", detail };
}

function drop(): void {}

function endToo(this: Socket): void {
  this.end();
}

function destroy(this: Socket): void {
  this.destroy();
}
