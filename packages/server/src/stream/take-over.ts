import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * Takes the socket of a request out of the HTTP server's hands, for a response that has no end. What the server
 * kept for the next request on it — parser, request, response, listeners — is let go, which is most of what an
 * idle stream would cost; whatever the client still sends is read and dropped, so that a pipelined second
 * request cannot be answered into the stream.
 */
export function takeOver(request: IncomingMessage, response: ServerResponse): Socket {
  const { socket } = request;
  response.detachSocket(socket);
  for (const event of ["data", "end", "close", "drain", "error", "timeout", "resume", "pause"]) {
    socket.removeAllListeners(event);
  }
  socket.setTimeout(0);
  socket.setNoDelay(true);
  // Adding a listener also takes the socket's bytes back from the HTTP parser, which had read them natively.
  socket.on("data", drop).on("end", endToo);
  socket.resume();
  return socket;
}

function drop(): void {}

function endToo(this: Socket): void {
  this.end();
}
