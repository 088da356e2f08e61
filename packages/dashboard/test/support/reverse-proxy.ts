import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, request } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream";

export interface ReverseProxy {
  port: number;
  close(): Promise<void>;
}

/**
 * A reverse proxy before a server on this machine.
 * @param headersFor the headers it sends on; null to ask the browser for a user name and password (RFC 7617)
 * @param rewrite the request target it sends on
 */
export async function startProxy(
  target: number,
  headersFor: (headers: IncomingHttpHeaders) => IncomingHttpHeaders | null,
  rewrite: (target: string) => string = (target) => target,
): Promise<ReverseProxy> {
  const server = createServer((incoming, answer) => {
    const headers = headersFor(incoming.headers);
    if (!headers) {
      answer.writeHead(401, { "WWW-Authenticate": 'Basic realm="proxy"' }).end();
      return;
    }
    const { method, url = "/" } = incoming;
    const path = rewrite(url);
    const onward = request({ host: "127.0.0.1", port: target, method, path, headers, setHost: false });
    onward.on("response", (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      pipeline(response, answer, () => {});
    });
    onward.on("error", () => answer.destroy());
    pipeline(incoming, onward, () => {});
    answer.on("close", () => onward.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
