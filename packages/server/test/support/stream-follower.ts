import { setTimeout as wait } from "node:timers/promises";
import { StreamReader } from "./stream-reader.ts";

/** A stream client that comes back with its last id after every end, from the beginning of the log. */
export class StreamFollower {
  readonly ids: number[] = [];
  readonly types: string[] = [];
  connections = 0;
  readonly #port: number;
  readonly #token: string;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #reader: StreamReader | null = null;

  constructor(port: number, token: string) {
    this.#port = port;
    this.#token = token;
    this.#running = this.#run();
  }

  /** Waits until it has seen an event. */
  async until(id: number): Promise<void> {
    while ((this.ids.at(-1) ?? 0) < id) {
      this.#collect();
      await wait(5);
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#reader?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        const headers = { Authorization: `Bearer ${this.#token}` };
        this.#reader = await StreamReader.open(this.#port, { after: this.ids.at(-1) ?? 0, headers });
        this.connections++;
        await this.#reader.end();
        this.#collect();
      } catch {
        // Nobody listens just now.
      }
      this.#reader = null;
      await wait(5);
    }
  }

  /** Takes over what the open reader has read so far. */
  #collect(): void {
    for (const { id, type } of this.#reader?.events.splice(0) ?? []) {
      this.ids.push(id);
      this.types.push(type);
    }
  }
}
