import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { PROBLEM_TYPE } from "@mission-control/protocol";
import { problemBody, reasonPhrase } from "../problem.ts";

const STATUS_OF_BROKEN: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/**
 * Answers bytes that are no HTTP request, then closes the connection. Whole requests that came before them have their
 * own answers first: those were read, and may be stored already.
 */
export class BrokenRequests {
  /** Per connection, the requests that are not answered yet, in order. */
  readonly #unanswered = new WeakMap<Socket, Set<ServerResponse>>();
  readonly #patient = new WeakSet<Socket>();

  /** Takes note of each request the server reads, so that its answer comes before that to what follows. */
  expectAnswer({ socket }: IncomingMessage, response: ServerResponse): void {
    const unanswered = this.#unanswered.get(socket) ?? new Set();
    this.#unanswered.set(socket, unanswered.add(response));
    response.once("close", () => unanswered.delete(response));
  }

  /** Lets a request take longer than others until it is whole: whoever reads its body watches its pace. */
  allowTime({ socket }: IncomingMessage, response: ServerResponse): void {
    this.#patient.add(socket);
    response.once("close", () => this.#patient.delete(socket));
  }

  /** For the server's `clientError`. */
  readonly answer = (error: Error & { code?: string }, socket: Socket): void => {
    if (error.code === "ERR_HTTP_REQUEST_TIMEOUT" && this.#patient.has(socket)) return;
    if (error.code === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    const whole = [...(this.#unanswered.get(socket) ?? [])].filter(({ req }) => req.complete);
    const last = whole.at(-1);
    if (last) last.once("close", () => refuse(socket, error.code));
    else refuse(socket, error.code);
  };
}

function refuse(socket: Socket, code: string | undefined): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const status = STATUS_OF_BROKEN[code ?? ""] ?? 400;
  const body = problemBody(status, "The request is not one the server can read.");
  socket.end(
    `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
