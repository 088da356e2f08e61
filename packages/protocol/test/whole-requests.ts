import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";

/** Takes a request with its whole body. */
export type WholeRequestListener = (
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
) => void | Promise<void>;

/** For the servers of tests: hands on each request once it is whole; one that its sender broke off, never. */
export function wholeRequests(listener: WholeRequestListener): RequestListener {
  return (request, response) => {
    const broken = () => response.destroy();
    void buffer(request).then((body) => listener(request, response, body), broken);
  };
}
