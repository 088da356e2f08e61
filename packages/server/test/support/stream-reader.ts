import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { EventFilter } from "@mission-control/protocol";
import { createParser } from "eventsource-parser";

export interface ReadEvent {
  id: number;
  type: string;
  data: Record<string, unknown>;
}

/** A client of the event stream by hand, on a socket of its own. */
export class StreamReader {
  readonly socket: Socket;
  readonly events: ReadEvent[] = [];
  readonly comments: string[] = [];
  readonly retries: number[] = [];
  head: string | null = null;
  ended = false;
  #text = "";
  #wakes: (() => void)[] = [];
  readonly #parser = createParser({
    onEvent: ({ id, event, data }) => {
      this.events.push({
        id: Number(id),
        type: event ?? "",
        data: JSON.parse(data) as Record<string, unknown>,
      });
    },
    onComment: (comment) => this.comments.push(comment),
    onRetry: (retry) => this.retries.push(retry),
    onError: (error) => assert.fail(error),
  });

  /** Connects and asks; `after` null asks for live events only. */
  static async open(
    port: number,
    options: {
      after?: number | null;
      filter?: EventFilter;
      unnamed?: boolean;
      headers?: Record<string, string>;
      more?: string;
    } = {},
  ): Promise<StreamReader> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const reader = new StreamReader(socket);
    await once(socket, "connect");
    const { after = null, filter = {}, unnamed, headers = {}, more = "" } = options;
    const query = new URLSearchParams();
    if (filter.taskId !== undefined) query.set("taskId", filter.taskId);
    if (filter.agentId !== undefined) query.set("agentId", filter.agentId);
    if (filter.types !== undefined) query.set("types", filter.types.join(","));
    if (unnamed !== undefined) query.set("unnamed", String(unnamed));
    const all = {
      Host: "127.0.0.1",
      ...(after === null ? {} : { "Last-Event-ID": String(after) }),
      ...headers,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`GET /api/events?${query} HTTP/1.1\r\n${lines.join("")}\r\n${more}`);
    return reader;
  }

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => this.#take(text));
    const ended = () => {
      this.ended = true;
      this.#wake();
    };
    socket.on("end", ended).on("close", ended).on("error", ended);
  }

  get lastId(): number {
    return this.events.at(-1)?.id ?? 0;
  }

  get ids(): number[] {
    return this.events.map(({ id }) => id);
  }

  /** Waits until something is so; fails when the stream ends before. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.ended) assert.fail(`the stream ended after ${this.events.length} events; head: ${this.head}`);
      await new Promise<void>((resolve) => this.#wakes.push(resolve));
    }
  }

  /** Waits until the server has answered and subscribed it. */
  opened(): Promise<void> {
    return this.until(() => this.retries.length > 0);
  }

  async end(): Promise<void> {
    while (!this.ended) await new Promise<void>((resolve) => this.#wakes.push(resolve));
  }

  close(): void {
    this.socket.destroy();
  }

  #take(text: string): void {
    if (this.head === null) {
      this.#text += text;
      const end = this.#text.indexOf("\r\n\r\n");
      if (end === -1) return;
      this.head = this.#text.slice(0, end);
      this.#parser.feed(this.#text.slice(end + 4));
    } else this.#parser.feed(text);
    this.#wake();
  }

  #wake(): void {
    const wakes = this.#wakes;
    this.#wakes = [];
    for (const wake of wakes) wake();
  }
}
