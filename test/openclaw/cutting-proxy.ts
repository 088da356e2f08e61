import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A TCP proxy in front of a gateway that can lose answers and cut connections, as a bad network does. */
export class CuttingProxy {
  readonly #server = createServer((client) => this.#forward(client));
  readonly #sockets = new Set<Socket>();
  readonly #target: number;
  readonly #forwardedFor: string | undefined;
  #silent = false;
  #closed = false;
  /** Connections made so far. */
  connections = 0;

  private constructor(target: number, forwardedFor: string | undefined) {
    this.#target = target;
    this.#forwardedFor = forwardedFor;
  }

  /**
   * @param target port on 127.0.0.1
   * @param forwardedFor an address to name as the client's, as a reverse proxy on the gateway's machine does
   */
  static async listen(target: number, forwardedFor?: string): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(target, forwardedFor);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Loses everything the gateway says from now on, while requests still reach it. */
  loseAnswers(): void {
    this.#silent = true;
  }

  /** Cuts every connection; new ones work again. */
  cut(): void {
    this.#silent = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Cuts every connection, and takes none until {@link open}: the gateway is out of reach. */
  block(): void {
    this.#closed = true;
    this.cut();
  }

  open(): void {
    this.#closed = false;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.cut();
    await once(this.#server, "close");
  }

  #forward(client: Socket): void {
    if (this.#closed) {
      client.destroy();
      return;
    }
    this.connections += 1;
    const gateway = connect(this.#target, "127.0.0.1");
    const end = () => {
      client.destroy();
      gateway.destroy();
    };
    for (const socket of [client, gateway]) {
      this.#sockets.add(socket);
      socket.on("error", end);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        end();
      });
    }
    client.once("data", (head: Buffer) => {
      const header = this.#forwardedFor ? `\r\nX-Forwarded-For: ${this.#forwardedFor}\r\n\r\n` : "\r\n\r\n";
      gateway.write(head.toString("latin1").replace("\r\n\r\n", header), "latin1");
      client.pipe(gateway);
    });
    gateway.on("data", (chunk: Buffer) => {
      if (!this.#silent) client.write(chunk);
    });
  }
}
