import { randomUUID } from "node:crypto";
import { type DispatchPayload, standardHeaders } from "@mission-control/protocol";
import { CallbackConnection } from "../load/callback-connection.ts";

const CONNECTIONS = 16;

/** What the callback with this number says; of `progress`. */
export type Saying = (number: number) => object;

const SAYS: Saying = (number) => ({ message: `mark ${number} · Reading packages/web/src/routes/log-in.ts` });

/** Sends signed progress callbacks of several attempts over a few connections that stay open. */
export class Callbacks {
  readonly #connections: CallbackConnection[];
  readonly #payloads: readonly DispatchPayload[];
  readonly #port: number;
  readonly #says: Saying;
  #sent = 0;

  /** @param payloads running attempts; callbacks go around among them */
  static async open(
    port: number,
    payloads: readonly DispatchPayload[],
    says: Saying = SAYS,
  ): Promise<Callbacks> {
    const connections = Array.from({ length: CONNECTIONS }, () => new CallbackConnection(port));
    await Promise.all(connections.map(({ opened }) => opened));
    return new Callbacks(port, payloads, connections, says);
  }

  private constructor(
    port: number,
    payloads: readonly DispatchPayload[],
    connections: CallbackConnection[],
    says: Saying,
  ) {
    this.#port = port;
    this.#says = says;
    this.#payloads = payloads;
    this.#connections = connections;
  }

  /** Sends one; resolves with its number once it was accepted. */
  async send(): Promise<number> {
    const [connection] = this.#connections;
    if (!connection) throw new Error("The connections are closed.");
    const number = this.#next();
    await connection.exchange(this.#request(number));
    return number;
  }

  /** Sends `total`, as fast as it goes or at a rate; resolves with how many a second there were. */
  async flood(total: number, perSecond = Number.POSITIVE_INFINITY): Promise<number> {
    const beganAt = performance.now();
    let begun = 0;
    const work = async (connection: CallbackConnection) => {
      while (begun < total) {
        const due = beganAt + (begun / perSecond) * 1_000;
        begun += 1;
        const wait = due - performance.now();
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
        await connection.exchange(this.#request(this.#next()));
      }
    };
    await Promise.all(this.#connections.map(work));
    return (total / (performance.now() - beganAt)) * 1_000;
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  #next(): number {
    this.#sent += 1;
    return this.#sent;
  }

  #request(number: number): string {
    const payload = this.#payloads[number % this.#payloads.length];
    if (!payload) throw new Error("There is no attempt to report for.");
    const { task, agent, dispatchId, callback } = payload;
    const body = JSON.stringify({
      type: "progress",
      taskId: task.id,
      agentId: agent.id,
      dispatchId,
      ...this.#says(number),
    });
    const timestamp = Math.floor(Date.now() / 1_000);
    const signed = standardHeaders(callback.secret, { id: randomUUID(), timestamp, body });
    const headers = {
      host: `127.0.0.1:${this.#port}`,
      "content-type": "application/json",
      // The request is written as Latin-1; the body is ASCII but for one sign, counted in UTF-8.
      "content-length": Buffer.byteLength(body),
      ...signed,
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = `POST ${new URL(callback.url).pathname} HTTP/1.1\r\n${lines.join("")}\r\n`;
    return head + Buffer.from(body).toString("latin1");
  }
}
