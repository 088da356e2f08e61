import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

/** Listeners that stay with their socket, whoever has it. */
const lasting = new WeakSet<object>();

/** Marks a listener that has to stay when a socket is taken over; returns it. */
export function lastingListener<Listener extends (...parameters: never[]) => void>(
  listener: Listener,
): Listener {
  lasting.add(listener);
  return listener;
}

/**
 * Takes the socket of a request out of the HTTP server's hands, for a response that has no end. The server's own
 * listeners are removed; the next `data` listener gets the bytes, which the HTTP parser had read natively. Requests
 * that came in one piece with this one are still parsed: the response stays the socket's current one, so that what
 * they are answered is held back behind it for ever.
 */
export function takeOver(request: IncomingMessage): Socket {
  const { socket } = request;
  for (const event of ["data", "end", "close", "drain", "error", "timeout", "resume", "pause"]) {
    for (const listener of socket.listeners(event)) {
      if (!lasting.has(listener)) socket.off(event, listener as () => void);
    }
  }
  socket.setTimeout(0);
  socket.setNoDelay(true);
  return socket;
}
