import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way to a server that breaks: a connection is cut once so many bytes were sent on it. */
export class CuttingProxy {
  /** Bytes that came from clients, over all connections. */
  sent = 0;
  /** Bytes after which the next connections are cut, one after the other; none any more means never. */
  readonly cuts: number[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((client) => this.#carry(client));
  readonly #port: number;

  static async start(target: string): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(Number(new URL(target).port));
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  private constructor(port: number) {
    this.#port = port;
  }

  /** The same address by this way. */
  through(url: string): string {
    const found = new URL(url);
    found.port = String((this.#server.address() as AddressInfo).port);
    return found.href;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #carry(client: Socket): void {
    const server = connect(this.#port, "127.0.0.1");
    const end = () => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on("error", end).on("close", end);
    }
    let carried = 0;
    client.on("data", (bytes) => {
      this.sent += bytes.length;
      carried += bytes.length;
      const [cut] = this.cuts;
      if (cut === undefined || carried < cut) {
        server.write(bytes);
        return;
      }
      this.cuts.shift();
      // What was carried arrives; the client loses the connection once the server, which has read all of it, closes.
      client.pause();
      server.unpipe(client).resume();
      server.end(bytes);
    });
    server.pipe(client);
  }
}
