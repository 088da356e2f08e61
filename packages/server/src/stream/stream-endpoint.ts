import type { IncomingMessage, ServerResponse } from "node:http";
import {
  EVENT_STREAM_TYPE,
  type EventFilter,
  eventFilterQuerySchema,
  eventPositionSchema,
  PROBLEM_TYPE,
} from "@mission-control/protocol";
import { z } from "zod";
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

export interface StreamEndpointOptions {
  hub: Hub;
  /** Whether the request may read the stream. */
  mayRead: (request: IncomingMessage) => boolean;
}

/** `GET /api/events`: the event stream (contract, section 5), straight on the socket. */
export function streamEndpoint(options: StreamEndpointOptions) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    if (!options.mayRead(request)) {
      response.setHeader("WWW-Authenticate", "Bearer");
      problem(response, 401, "Unauthorized", "Send the bearer token, or log in.");
      return;
    }
    const wanted = parse(request);
    if ("errors" in wanted) {
      problem(response, 400, "Bad Request", "The stream cannot be opened like this.", wanted.errors);
      return;
    }
    const socket = takeOver(request, response);
    socket.write(`${HEAD}\r\nDate: ${new Date().toUTCString()}\r\n\r\n`);
    options.hub.subscribe(socket, wanted.filter, wanted.after).catch(() => socket.destroy());
  };
}

type Wanted = { filter: EventFilter; after: number | null } | { errors: { path: string; message: string }[] };

function parse(request: IncomingMessage): Wanted {
  const { searchParams } = new URL(request.url ?? "/", "http://localhost");
  const query = Object.fromEntries([...searchParams].filter(([, value]) => value !== ""));
  // A browser that reconnects sends its newest id in the header and the URL as it was first opened.
  const header = request.headers["last-event-id"];
  if (typeof header === "string" && header !== "") query.lastEventId = header;
  const parsed = querySchema.safeParse(query);
  if (!parsed.success) {
    const issues = parsed.error.issues;
    return { errors: issues.map(({ path, message }) => ({ path: z.core.toDotPath(path), message })) };
  }
  const { lastEventId, taskId, agentId, types } = parsed.data;
  const filter: EventFilter = {
    ...(taskId === undefined ? {} : { taskId }),
    ...(agentId === undefined ? {} : { agentId }),
    ...(types === undefined || types.length === 0 ? {} : { types }),
  };
  return { filter, after: lastEventId ?? null };
}

function problem(
  response: ServerResponse,
  status: number,
  title: string,
  detail: string,
  errors?: { path: string; message: string }[],
): void {
  const body = JSON.stringify({ type: "about:blank", title, status, detail, errors });
  response.writeHead(status, { "Content-Type": PROBLEM_TYPE }).end(body);
}
