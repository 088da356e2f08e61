import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { RunFailedError } from "./program.ts";

/** An HTTP server that may be reached before there is anything to serve: registering needs its address. */
export class Listener {
  readonly #server: Server;
  #handler: RequestListener = (_, response) => {
    response.writeHead(503, { "retry-after": "1" }).end();
  };

  constructor() {
    this.#server = createServer((request, response) => this.#handler(request, response));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    const { address, port, family } = this.#server.address() as AddressInfo;
    return `http://${family === "IPv6" ? `[${address}]` : address}:${port}/`;
  }

  /**
   * Listens at `port`; where none is asked for, at the one of last time or, when that is taken, at any.
   * @throws RunFailedError
   */
  async listen(host: string, port: number | undefined, lastPort = 0): Promise<void> {
    try {
      await this.#listen(host, port ?? lastPort);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (port === undefined && lastPort > 0 && code === "EADDRINUSE") return this.#listen(host, 0);
      const reason = code === "EADDRINUSE" ? "another program does" : message;
      throw new RunFailedError(`Cannot listen at ${host}:${port ?? lastPort}: ${reason}.`);
    }
  }

  async #listen(host: string, port: number): Promise<void> {
    this.#server.listen(port, host);
    await once(this.#server, "listening");
  }

  serve(handler: RequestListener): void {
    this.#handler = handler;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}
