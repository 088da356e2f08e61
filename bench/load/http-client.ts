import { Agent, request } from "node:http";

/** Asks one server over kept connections, and times it. */
export class HttpClient {
  readonly #agent: Agent;
  readonly #port: number;
  readonly #headers: Record<string, string>;

  constructor(port: number, headers: Record<string, string>, connections = 1) {
    this.#port = port;
    this.#headers = headers;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** @returns the body and the milliseconds until its last byte. @throws Error for any status but 2xx */
  ask(
    method: string,
    path: string,
    body?: string,
    headers?: Record<string, string>,
  ): Promise<{ text: string; ms: number }> {
    const startedAt = performance.now();
    return new Promise((resolve, reject) => {
      const content =
        body === undefined
          ? {}
          : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
      const asked = request(
        {
          host: "127.0.0.1",
          port: this.#port,
          method,
          path,
          agent: this.#agent,
          headers: { ...this.#headers, ...content, ...headers },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("end", () => {
            const text = Buffer.concat(chunks).toString();
            const { statusCode = 0 } = response;
            if (statusCode >= 200 && statusCode < 300) resolve({ text, ms: performance.now() - startedAt });
            else reject(new Error(`${method} ${path} answered ${statusCode}: ${text.slice(0, 500)}`));
          });
          response.on("error", reject);
        },
      );
      asked.on("error", reject);
      asked.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
