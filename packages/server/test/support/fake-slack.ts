import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { JsonObject } from "@mission-control/protocol";
import { type WebSocket, WebSocketServer } from "ws";
import { wholeRequests } from "../../../protocol/test/whole-requests.ts";

const BOT_TOKEN = "xoxb-1-bot";
const APP_TOKEN = "xapp-1-app";
const CHANNEL = "C0123456789";

/** A message as it stands in the channel. */
export interface SlackPost {
  ts: string;
  text: string;
  blocks: JsonObject[];
  metadata?: JsonObject;
}

/** A call of a method that was taken. */
export interface SlackCall {
  method: string;
  body: JsonObject;
}

/**
 * Stands for Slack's Web API and Socket Mode: takes and refuses what their public documentation says that they do, as far
 * as it is used here. One channel, one bot, one app.
 */
export class FakeSlack {
  readonly posts: SlackPost[] = [];
  readonly calls: SlackCall[] = [];
  /** Envelopes that were acknowledged. */
  readonly acknowledged: string[] = [];
  /** Connections that stand. */
  readonly sockets = new Set<WebSocket>();
  /** Connections that were ever made. */
  connections = 0;
  /** What it does instead of taking a call: true when it has answered. */
  intercept: (method: string, response: ServerResponse) => boolean = () => false;
  #waiting: { isMet: () => boolean; resolve: () => void }[] = [];
  #count = 0;
  readonly #server = createServer(wholeRequests((...exchange) => this.#handle(...exchange)));
  readonly #ws = new WebSocketServer({ server: this.#server });

  static async start(): Promise<FakeSlack> {
    const slack = new FakeSlack();
    slack.#ws.on("connection", (socket) => slack.#connected(socket));
    await new Promise<void>((resolve) => slack.#server.listen(0, "127.0.0.1", resolve));
    return slack;
  }

  /** What an endpoint needs to write to its channel. */
  get endpoint() {
    const url = `${this.#origin}/api/chat.postMessage?channel=${CHANNEL}`;
    return { url, format: "slack_app" as const, botToken: BOT_TOKEN, appToken: APP_TOKEN };
  }

  /** Somebody presses a button: the one of a message with this label. @returns the envelope's id */
  press(post: SlackPost, label: string, user = { id: "U1", username: "ann" }): string {
    const button = this.buttons(post).find(({ text }) => (text as JsonObject).text === label);
    if (!button) throw new Error(`There is no button "${label}".`);
    return this.interact({
      type: "block_actions",
      user,
      channel: { id: CHANNEL, name: "ops" },
      container: { type: "message", message_ts: post.ts, channel_id: CHANNEL },
      trigger_id: "trigger-1",
      actions: [{ type: "button", action_id: button.action_id ?? "", value: button.value ?? "" }],
    });
  }

  /** Somebody did something: told to one of the connections. @returns the envelope's id */
  interact(payload: JsonObject): string {
    const envelopeId = `envelope-${++this.#count}`;
    const [socket] = this.sockets;
    socket?.send(
      JSON.stringify({
        type: "interactive",
        envelope_id: envelopeId,
        accepts_response_payload: false,
        payload,
      }),
    );
    return envelopeId;
  }

  buttons({ blocks }: SlackPost): JsonObject[] {
    return blocks.flatMap(({ type, elements }) => (type === "actions" ? (elements as JsonObject[]) : []));
  }

  /** Says that a connection is to be replaced, as it does every hour or so. */
  refresh(): void {
    const [socket] = this.sockets;
    socket?.send(JSON.stringify({ type: "disconnect", reason: "refresh_requested" }));
  }

  /** Cuts every connection, without a word. */
  cut(): void {
    for (const socket of this.sockets) socket.terminate();
  }

  /** Resolves when something is true of what it has seen. */
  until(isMet: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ isMet, resolve });
      this.#look();
    });
  }

  async close(): Promise<void> {
    this.cut();
    this.#ws.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get #origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #connected(socket: WebSocket): void {
    this.connections++;
    this.sockets.add(socket);
    socket.once("close", () => {
      this.sockets.delete(socket);
      this.#look();
    });
    socket.on("error", () => {});
    socket.on("message", (data) => {
      this.acknowledged.push((JSON.parse(String(data)) as { envelope_id: string }).envelope_id);
      this.#look();
    });
    socket.send(JSON.stringify({ type: "hello", num_connections: 1, connection_info: { app_id: "A1" } }));
    this.#look();
  }

  #handle(request: IncomingMessage, response: ServerResponse, text: Buffer): void {
    const method = /^\/api\/([a-zA-Z.]+)$/.exec(request.url ?? "")?.[1] ?? "";
    if (this.intercept(method, response)) return;
    const token = request.headers.authorization?.replace(/^Bearer /, "");
    const answer = this.#take(method, token, JSON.parse(String(text)) as JsonObject);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    this.#look();
  }

  #take(method: string, token: string | undefined, body: JsonObject): JsonObject {
    const isApp = method === "apps.connections.open";
    if (token !== (isApp ? APP_TOKEN : BOT_TOKEN)) return { ok: false, error: "invalid_auth" };
    if (isApp) return { ok: true, url: `${this.#origin.replace("http", "ws")}/link?ticket=${++this.#count}` };
    if (body.channel !== undefined && body.channel !== CHANNEL)
      return { ok: false, error: "channel_not_found" };
    const refusal = refusalOf(body);
    if (refusal) return { ok: false, error: refusal };
    const { text = "", blocks = [], metadata } = body as Partial<SlackPost>;
    if (method === "chat.postMessage") {
      const post = { ts: `17${++this.#count}.000100`, text, blocks, ...(metadata ? { metadata } : {}) };
      this.posts.push(post);
      this.calls.push({ method, body });
      return { ok: true, channel: CHANNEL, ts: post.ts, message: { text } };
    }
    if (method === "chat.update") {
      const post = this.posts.find(({ ts }) => ts === body.ts);
      if (!post) return { ok: false, error: "message_not_found" };
      Object.assign(post, { text, blocks });
      this.calls.push({ method, body });
      return { ok: true, channel: CHANNEL, ts: post.ts, text };
    }
    if (method !== "views.open" && method !== "chat.postEphemeral")
      return { ok: false, error: "unknown_method" };
    this.calls.push({ method, body });
    return { ok: true };
  }

  #look(): void {
    for (const { isMet, resolve } of this.#waiting) if (isMet()) resolve();
    this.#waiting = this.#waiting.filter(({ isMet }) => !isMet());
  }
}

/** What Block Kit does not take. */
function refusalOf({ blocks }: JsonObject): string | null {
  for (const { type, text, elements } of (blocks ?? []) as JsonObject[]) {
    const words = (text as JsonObject | undefined)?.text;
    if (type === "section" && (typeof words !== "string" || words === "" || words.length > 3000)) {
      return "invalid_blocks";
    }
    if (type !== "actions") continue;
    const buttons = elements as JsonObject[];
    if (buttons.length === 0 || buttons.length > 25) return "invalid_blocks";
    for (const button of buttons) {
      const label = String((button.text as JsonObject).text);
      if (label === "" || label.length > 75 || String(button.value).length > 2000) return "invalid_blocks";
    }
  }
  return null;
}
