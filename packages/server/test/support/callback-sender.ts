import { setTimeout as wait } from "node:timers/promises";
import { type CallbackResponse, type DispatchPayload, standardHeaders } from "@mission-control/protocol";
import { RawClient } from "./raw-client.ts";

/** What says that a callback may not have been taken: of a server that stops, of a proxy whose server was killed. */
const UNANSWERED = new Set([502, 503]);

/**
 * Sends the callbacks of one dispatch at full speed over one connection, each until it is answered 200, as an agent
 * does whose server may be gone at any moment.
 */
export class CallbackSender {
  /** Answered callbacks: their message, and the event they were answered with. */
  readonly answered = new Map<string, number>();
  /** How many were answered as repeats: stored, but the server died before it could say so. */
  repeats = 0;
  readonly #payload: DispatchPayload;
  readonly #onAnswer: () => void;
  #client: RawClient | null = null;
  #closed = false;

  constructor(payload: DispatchPayload, onAnswer: () => void) {
    this.#payload = payload;
    this.#onAnswer = onAnswer;
  }

  /** Sends until told to stop; ends after the answer to the last. */
  async run(stop: AbortSignal): Promise<void> {
    for (let number = 0; !stop.aborted; number++) {
      const message = `${this.#payload.dispatchId} ${number}`;
      const answer = await this.#send({ type: "progress", message });
      this.answered.set(message, answer.eventId);
      if (answer.duplicate) this.repeats++;
      this.#onAnswer();
    }
    await this.#send({ type: "complete", summary: "All sent." });
    this.#client?.close();
  }

  /** Gives up, whatever is in hand. */
  close(): void {
    this.#closed = true;
    this.#client?.close();
  }

  async #send(fields: { type: string; message?: string; summary?: string }): Promise<CallbackResponse> {
    const { dispatchId, task, agent, callback } = this.#payload;
    const body = JSON.stringify({ taskId: task.id, agentId: agent.id, ...fields });
    const id = fields.message ?? "the end";
    const { pathname, port } = new URL(callback.url);
    for (;;) {
      if (this.#closed) throw new Error("The sender was closed.");
      try {
        this.#client ??= await RawClient.connect(Number(port));
        const timestamp = Math.floor(Date.now() / 1000);
        const headers = {
          Host: "127.0.0.1",
          "Content-Type": "application/json",
          "Content-Length": String(Buffer.byteLength(body)),
          ...standardHeaders(callback.secret, { id, timestamp, body }),
        };
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
        this.#client.write(`POST ${pathname} HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
        const response = await this.#client.response();
        if (response.status === 200) return JSON.parse(response.body) as CallbackResponse;
        if (!UNANSWERED.has(response.status)) {
          throw new Error(`${dispatchId}: ${response.status} ${response.body}`, { cause: "final" });
        }
      } catch (error) {
        if ((error as Error).cause === "final") throw error;
      }
      this.#client?.close();
      this.#client = null;
      await wait(5);
    }
  }
}
