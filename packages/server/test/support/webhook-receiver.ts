import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { LogEvent } from "@mission-control/protocol";
import { wholeRequests } from "../../../protocol/test/whole-requests.ts";

/** A request that a receiver got. */
export interface Received {
  id: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Answers a request: a status, or nothing where it has answered itself or does not at all. */
export type Reaction = (received: Received, response: ServerResponse) => number | undefined;

/** Somebody's server that gets webhooks, keeps what it got, and answers as it is told. */
export class WebhookReceiver {
  readonly received: Received[] = [];
  /** How it answers from now on. */
  reaction: Reaction = () => 204;
  #waiting: { isMet: () => boolean; resolve: () => void }[] = [];
  readonly #server = createServer(
    wholeRequests(({ headers }, response, body) => {
      const received = { id: String(headers["webhook-id"]), headers, body: String(body) };
      this.received.push(received);
      const status = this.reaction(received, response);
      if (status !== undefined) response.writeHead(status).end();
      this.#look();
    }),
  );

  static async start(port = 0): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    await new Promise<void>((resolve) => receiver.#server.listen(port, "127.0.0.1", resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook`;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The ids of the events it got, in the order in which it got them. */
  get eventIds(): number[] {
    return this.received.map(({ body }) => (JSON.parse(body) as LogEvent).id);
  }

  /** Resolves when something is true of what it got. */
  until(isMet: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ isMet, resolve });
      this.#look();
    });
  }

  /** Resolves when it got so many requests, counted from the start. */
  receives(count: number): Promise<void> {
    return this.until(() => this.received.length >= count);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #look(): void {
    for (const { isMet, resolve } of this.#waiting) if (isMet()) resolve();
    this.#waiting = this.#waiting.filter(({ isMet }) => !isMet());
  }
}
