import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

type Direction = "to the database" | "from the database";

/** What goes one way on one connection, from a piece that a test waited for: it stays here until the test lets it go. */
export interface HeldBack {
  /** Sends it on, as late as it is. */
  release(): void;
  /** Breaks the connection off: it never arrives. */
  cut(): void;
}

interface Wanted {
  direction: Direction;
  text: string;
  resolve: (held: HeldBack) => void;
}

/** The wire between a node and its database, which a test can hold something back on, or cut. */
export class Wire {
  #database: URL;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #wanted: Wanted | null = null;

  /** @param url of the database */
  static async to(url: string): Promise<Wire> {
    const wire = new Wire(url);
    wire.#server.listen(0, "127.0.0.1");
    await once(wire.#server, "listening");
    return wire;
  }

  private constructor(url: string) {
    this.#database = new URL(url);
    this.#server = createServer((near) => this.#connect(near));
  }

  /** Of the same database, over this wire. */
  get url(): string {
    const url = new URL(this.#database);
    url.port = String((this.#server.address() as AddressInfo).port);
    return url.href;
  }

  /** Waits for the next piece that has this text in it, and keeps it back, with all that follows the same way. */
  holdBack(direction: Direction, text: string): Promise<HeldBack> {
    return new Promise((resolve) => {
      this.#wanted = { direction, text, resolve };
    });
  }

  /** Breaks off every connection that there is now. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Leads to another database from now on. */
  redirect(url: string): void {
    this.#database = new URL(url);
    this.cut();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }

  #connect(near: Socket): void {
    const far = connect({ host: this.#database.hostname, port: Number(this.#database.port) });
    this.#pass("to the database", near, far);
    this.#pass("from the database", far, near);
  }

  #pass(direction: Direction, from: Socket, to: Socket): void {
    /** What is kept back; null while everything passes. */
    let kept: Buffer[] | null = null;
    this.#sockets.add(from);
    from.setNoDelay();
    from.on("data", (piece) => {
      const wanted = this.#wanted;
      if (wanted?.direction === direction && piece.includes(wanted.text)) {
        this.#wanted = null;
        kept = [];
        wanted.resolve({
          release: () => {
            for (const one of kept ?? []) to.write(one);
            kept = null;
          },
          cut: () => {
            from.destroy();
            to.destroy();
          },
        });
      }
      if (kept) kept.push(piece);
      else to.write(piece);
    });
    from.on("error", () => {});
    from.on("close", () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
