import { connect, type Socket } from "node:net";

/** Connections of one process share it: a read is used up before the next one begins. */
const readBuffer = Buffer.allocUnsafe(64 * 1024);

/** One keep-alive connection with one request in flight, and as little HTTP as that needs. */
export class CallbackConnection {
  /** Settles when the connection stands. */
  readonly opened: Promise<void>;
  readonly #socket: Socket;
  #text = "";
  #waiting: { resolve(): void; reject(error: Error): void } | undefined;

  constructor(port: number) {
    const onread = { buffer: readBuffer, callback: (size: number) => this.#read(size) };
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true, onread });
    this.opened = new Promise((resolve, reject) => {
      this.#socket.once("connect", resolve);
      this.#socket.once("error", reject);
    });
    this.#socket.on("close", () =>
      this.#waiting?.reject(new Error("The server closed a callback connection.")),
    );
  }

  /** Sends one request and waits for its answer. @throws Error for any answer but 2xx */
  exchange(request: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(request, "latin1");
    });
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #read(size: number): boolean {
    this.#text += readBuffer.toString("latin1", 0, size);
    const headersEnd = this.#text.indexOf("\r\n\r\n");
    if (headersEnd === -1) return true;
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.#text)?.[1] ?? "0";
    if (this.#text.length < headersEnd + 4 + Number(length)) return true;
    const answer = this.#text;
    this.#text = "";
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (answer.startsWith("HTTP/1.1 2") && !answer.includes('"duplicate":true')) waiting?.resolve();
    else waiting?.reject(new Error(`A callback was not accepted: ${answer}`));
    return true;
  }
}
