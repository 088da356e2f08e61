import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * Takes the socket of a request out of the HTTP server's hands, for a response that has no end. The server's own
 * listeners are removed, so that a pipelined second request cannot be answered into the stream; the next `data`
 * listener gets the bytes, which the HTTP parser had read natively.
 */
export function takeOver(request: IncomingMessage, response: ServerResponse): Socket {
  const { socket } = request;
  response.detachSocket(socket);
  for (const event of ["data", "end", "close", "drain", "error", "timeout", "resume", "pause"]) {
    socket.removeAllListeners(event);
  }
  socket.setTimeout(0);
  socket.setNoDelay(true);
  return socket;
}
