import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { encodeSse } from "@mission-control/protocol";

/** An event stream over real sockets, in the hands of a test. */
export class StreamServer {
  readonly #http: Server;
  /** The `Last-Event-ID` of every stream that was opened. */
  readonly opened: string[] = [];
  /** What the history says is the newest event. */
  newest = 0;
  /** Answers the next streams with this status instead. */
  refuseWith: number | null = null;
  #streams: ServerResponse[] = [];
  readonly #open = new Set<ServerResponse>();
  #waiting: ((stream: ServerResponse) => void)[] = [];

  static async listen(): Promise<StreamServer> {
    const http = createServer().listen(0, "127.0.0.1");
    await once(http, "listening");
    return new StreamServer(http);
  }

  private constructor(http: Server) {
    this.#http = http;
    http.on("request", (request, response) => this.#answer(request, response));
  }

  /** `fetch` with this server in front of every path. */
  readonly fetch: typeof fetch = (path, init) => {
    const { port } = this.#http.address() as { port: number };
    return fetch(`http://127.0.0.1:${port}${path as string}`, init);
  };

  /** The next stream that is opened. */
  stream(): Promise<ServerResponse> {
    const open = this.#streams.shift();
    return open ? Promise.resolve(open) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Writes to every stream that is open now. */
  write(text: string): void {
    for (const stream of this.#open) stream.write(text);
  }

  async close(): Promise<void> {
    this.#http.closeAllConnections();
    this.#http.close();
    await once(this.#http, "close");
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    if (request.url?.startsWith("/api/events/history")) {
      response.end(JSON.stringify({ items: this.newest === 0 ? [] : [{ id: this.newest }] }));
      return;
    }
    if (this.refuseWith !== null) {
      response.writeHead(this.refuseWith).end();
      return;
    }
    this.opened.push(String(request.headers["last-event-id"]));
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("retry: 1\n\n");
    this.#open.add(response);
    response.on("close", () => this.#open.delete(response));
    const waiting = this.#waiting.shift();
    if (waiting) waiting(response);
    else this.#streams.push(response);
  }
}

/** One event of the log as it goes over the wire. */
export function frame(id: number, fields: object = {}): string {
  return encodeSse({ id, event: "activity", data: JSON.stringify({ id, ...fields }) });
}
