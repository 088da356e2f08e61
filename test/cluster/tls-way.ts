import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { connect as connectTls } from "node:tls";
import { join } from "./joined.ts";
import { NAME, type ReverseProxy } from "./reverse-proxies.ts";

/** A port by which clients that speak no TLS reach what is behind a proxy that does: each connection is one to the proxy. */
export class TlsWay {
  readonly #server: Server;

  static async to({ https: port, certificate: ca }: ReverseProxy): Promise<TlsWay> {
    const server = createServer((near) => {
      const far = connectTls({ host: "127.0.0.1", port, servername: NAME, ca });
      join(near, far);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new TlsWay(server);
  }

  private constructor(server: Server) {
    this.#server = server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
