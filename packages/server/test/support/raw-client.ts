import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface RawResponse {
  status: number;
  headers: Map<string, string>;
  body: string;
}

/** The connection ended before a whole response came. */
export class ConnectionEndedError extends Error {
  override name = "ConnectionEndedError";
}

/** An HTTP/1.1 connection by hand: whatever is to be written is written, and responses are read one by one. */
export class RawClient {
  readonly socket: Socket;
  #bytes = Buffer.alloc(0);
  #ended = false;
  #wake: () => void = () => {};

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
    await once(socket, "connect");
    return new RawClient(socket);
  }

  private constructor(socket: Socket) {
    this.socket = socket;
    const wake = () => this.#wake();
    socket.on("data", (bytes: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes]);
      wake();
    });
    const ended = () => {
      this.#ended = true;
      wake();
    };
    socket.on("end", ended).on("close", ended).on("error", ended);
  }

  /** Whether the server has closed its side. */
  get ended(): boolean {
    return this.#ended;
  }

  write(...parts: (string | Uint8Array)[]): void {
    this.socket.write(Buffer.concat(parts.map((part) => Buffer.from(part as string))));
  }

  /** The next response; informational ones (1xx) are passed over. */
  async response(): Promise<RawResponse> {
    for (;;) {
      const response = this.#take();
      if (response && response.status >= 200) return response;
      if (response) continue;
      if (this.#ended)
        throw new ConnectionEndedError(`ended after ${JSON.stringify(this.#bytes.toString())}`);
      await this.#more();
    }
  }

  /** All bytes that have not been read as a response, once `enough` says so or the server has ended. */
  async bytes(enough: (text: string) => boolean): Promise<string> {
    while (!this.#ended && !enough(this.#bytes.toString())) await this.#more();
    return this.#bytes.toString();
  }

  /** Resolves when the server has closed its side. */
  async end(): Promise<void> {
    while (!this.#ended) await this.#more();
  }

  close(): void {
    this.socket.destroy();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #take(): RawResponse | null {
    const headEnd = this.#bytes.indexOf("\r\n\r\n");
    if (headEnd === -1) return null;
    const [statusLine = "", ...lines] = this.#bytes.toString("latin1", 0, headEnd).split("\r\n");
    const headers = new Map<string, string>();
    for (const line of lines) {
      const colon = line.indexOf(":");
      headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    }
    const status = Number(statusLine.split(" ")[1]);
    const start = headEnd + 4;
    const length = status < 200 ? 0 : Number(headers.get("content-length") ?? 0);
    if (this.#bytes.length < start + length) return null;
    const body = this.#bytes.toString("utf8", start, start + length);
    this.#bytes = this.#bytes.subarray(start + length);
    return { status, headers, body };
  }
}
