import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { wholeRequests } from "../../../protocol/test/whole-requests.ts";

/** What a service showed to people. */
export interface Shown {
  service: "slack" | "discord" | "ntfy" | "telegram";
  text: string;
  body: Record<string, unknown>;
  /** The `webhook-id` that it came with. */
  id: string;
}

type Answer = [status: number, body: string];

/**
 * Stands for Slack's incoming webhooks, Discord's webhooks, an ntfy server and Telegram's bots: takes and refuses what their public
 * documentation says that they do, as far as it is used here.
 */
export class FakeChatServices {
  readonly shown: Shown[] = [];
  /** So many of the next messages are answered with HTTP 500. */
  refuses = 0;
  #waiting: { isMet: () => boolean; resolve: () => void }[] = [];
  readonly #server = createServer(
    wholeRequests((request, response, text) => {
      const before = this.shown.length;
      const [status, body] = this.refuses > 0 ? ([500, ""] as const) : this.#take(request, String(text));
      if (status === 500) this.refuses--;
      for (const one of this.shown.slice(before)) one.id = String(request.headers["webhook-id"]);
      response.writeHead(status).end(body);
      this.#look();
    }),
  );

  static async start(): Promise<FakeChatServices> {
    const services = new FakeChatServices();
    await new Promise<void>((resolve) => services.#server.listen(0, "127.0.0.1", resolve));
    return services;
  }

  get slackUrl(): string {
    return `${this.#origin}/services/T0/B0/secret`;
  }

  get discordUrl(): string {
    return `${this.#origin}/api/webhooks/1/secret`;
  }

  get ntfyUrl(): string {
    return `${this.#origin}/secret-topic`;
  }

  get telegramUrl(): string {
    return `${this.#origin}/bot1:secret/sendMessage?chat_id=-100`;
  }

  /** Resolves when so many messages were shown, counted from the start. */
  shows(count: number): Promise<void> {
    return this.until(() => this.shown.length >= count);
  }

  /** Resolves when something is true of what was shown. */
  until(isMet: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ isMet, resolve });
      this.#look();
    });
  }

  #look(): void {
    for (const { isMet, resolve } of this.#waiting) if (isMet()) resolve();
    this.#waiting = this.#waiting.filter(({ isMet }) => !isMet());
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get #origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #take({ method, url, headers }: IncomingMessage, text: string): Answer {
    if (method !== "POST") return [405, ""];
    if (!headers["content-type"]?.startsWith("application/json")) return [400, "invalid_payload"];
    const body = JSON.parse(text) as Record<string, unknown>;
    if (url === "/services/T0/B0/secret") return this.#slack(body);
    if (url === "/api/webhooks/1/secret") return this.#discord(body);
    if (url === "/bot1:secret/sendMessage") return this.#telegram(body);
    return url === "/" ? this.#ntfy(body) : [404, ""];
  }

  #slack(body: Record<string, unknown>): Answer {
    const { text } = body;
    if (typeof text !== "string" || text === "") return [400, "no_text"];
    this.shown.push({ service: "slack", text, body, id: "" });
    return [200, "ok"];
  }

  #discord(body: Record<string, unknown>): Answer {
    const { content } = body;
    if (typeof content !== "string" || content === "") return [400, '{"code":50006}'];
    if (content.length > 2000) return [400, '{"code":50035}'];
    this.shown.push({ service: "discord", text: content, body, id: "" });
    return [204, ""];
  }

  #ntfy(body: Record<string, unknown>): Answer {
    const { topic, message, priority } = body;
    if (typeof topic !== "string" || !/^[-_A-Za-z0-9]{1,64}$/.test(topic)) return [400, '{"code":40009}'];
    if (typeof priority !== "number" || priority < 1 || priority > 5) return [400, '{"code":40007}'];
    this.shown.push({ service: "ntfy", text: String(message), body, id: "" });
    return [200, JSON.stringify({ id: "x", event: "message", topic, message })];
  }

  #telegram(body: Record<string, unknown>): Answer {
    const { chat_id: chat, text } = body;
    if (chat !== "-100") return [400, '{"ok":false,"description":"Bad Request: chat not found"}'];
    if (typeof text !== "string" || text === "" || text.length > 4096) return [400, '{"ok":false}'];
    this.shown.push({ service: "telegram", text, body, id: "" });
    return [200, '{"ok":true}'];
  }
}
