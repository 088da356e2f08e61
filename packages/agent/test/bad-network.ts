import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

type Fault = "refuse" | "reset-mid-body" | "answer-late" | "busy" | "drop-answer" | "half-answer";

const FAULTS: Fault[] = ["refuse", "reset-mid-body", "answer-late", "busy", "drop-answer", "half-answer"];

/** How long nobody listens after a refusal, in milliseconds. */
const REFUSING_MS = 3;

/** A bad network in front of a real server: loses requests before they arrive and answers after they were given. */
export class BadNetwork {
  /** The server behind. */
  target = "";
  /** From 0 to 1: how many of the requests meet a fault. */
  badness = 0;
  readonly counts = new Map<Fault | "passed", number>();
  readonly #random: () => number;
  readonly #server = createServer((request, response) => {
    // Whichever side breaks off, the other one meets a broken connection.
    this.#serve(request, response).catch(() => request.socket.destroy());
  });

  constructor(random: () => number) {
    this.#random = random;
  }

  async listen(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) await once(this.#server, "listening");
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  /** Closes the door for a moment: whoever comes now, this sender first, meets ECONNREFUSED. */
  #refuse(request: IncomingMessage): void {
    request.socket.destroy();
    if (!this.#server.listening) return;
    const { port } = this.#server.address() as AddressInfo;
    this.#server.close();
    setTimeout(() => this.#server.listen(port, "127.0.0.1"), REFUSING_MS);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault =
      this.#random() < this.badness ? FAULTS[Math.floor(this.#random() * FAULTS.length)] : undefined;
    this.counts.set(fault ?? "passed", (this.counts.get(fault ?? "passed") ?? 0) + 1);
    if (fault === "refuse") return this.#refuse(request);
    if (fault === "busy") return void response.writeHead(503, { "retry-after": "1" }).end();
    const body = await buffer(request);
    const forwarded = send(this.target + request.url, { method: request.method, headers: request.headers });
    forwarded.on("error", () => request.socket.destroy());
    if (fault === "reset-mid-body") {
      forwarded.write(body.subarray(0, body.length / 2), () => forwarded.destroy());
      return;
    }
    forwarded.end(body);
    const [answer] = (await once(forwarded, "response")) as [IncomingMessage];
    const text = await buffer(answer);
    if (fault === "drop-answer") return void request.socket.destroy();
    if (fault === "answer-late") await new Promise((resolve) => setTimeout(resolve, 150));
    response.writeHead(answer.statusCode ?? 502, { ...answer.headers, "content-length": text.length });
    if (fault === "half-answer") {
      response.write(text.subarray(0, text.length / 2), () => request.socket.destroy());
      return;
    }
    response.end(text);
  }
}
