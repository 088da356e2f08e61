import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { JsonObject } from "@mission-control/protocol";
import { wholeRequests } from "../../../protocol/test/whole-requests.ts";

const TOKEN = "123:secret";
const CHAT = -100;

/** A message as it stands in the chat. */
export interface TelegramPost {
  id: number;
  text: string;
  buttons: { text: string; callback_data: string }[];
}

/**
 * Stands for Telegram's Bot API, one bot and one chat: takes and refuses what its public documentation says that it does,
 * as far as it is used here.
 */
export class FakeTelegram {
  readonly posts: TelegramPost[] = [];
  /** Calls of all methods but `getUpdates`. */
  readonly calls: { method: string; body: JsonObject }[] = [];
  /** So many polls wait for an update. */
  polls = 0;
  /** What it does instead of taking a call: true when it has answered. */
  intercept: (method: string, response: ServerResponse) => boolean = () => false;
  #updates: JsonObject[] = [];
  #poll: { offset: number; response: ServerResponse } | null = null;
  #waiting: { isMet: () => boolean; resolve: () => void }[] = [];
  #count = 0;
  readonly #server = createServer(
    wholeRequests((request, response, text) => {
      const [, token, method = ""] = /^\/bot([^/]+)\/(\w+)$/.exec(request.url ?? "") ?? [];
      if (this.intercept(method, response)) return;
      if (token !== TOKEN) return this.#answer(response, 401, { ok: false, description: "Unauthorized" });
      const body = JSON.parse(String(text)) as JsonObject;
      if (method === "getUpdates") return this.#wait(response, body);
      const [status, answer] = this.#take(method, body);
      if (status === 200) this.calls.push({ method, body });
      this.#answer(response, status, answer);
      this.#look();
    }),
  );

  static async start(): Promise<FakeTelegram> {
    const telegram = new FakeTelegram();
    await new Promise<void>((resolve) => telegram.#server.listen(0, "127.0.0.1", resolve));
    return telegram;
  }

  get endpoint() {
    const { port } = this.#server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/bot${TOKEN}/sendMessage?chat_id=${CHAT}`;
    return { url, format: "telegram" as const };
  }

  /** Somebody presses the button of a message with this label. */
  press({ id, buttons }: TelegramPost, label: string, from = { id: 7, first_name: "Ann" }): void {
    const data = buttons.find(({ text }) => text === label)?.callback_data;
    if (data === undefined) throw new Error(`There is no button "${label}".`);
    const message = { message_id: id, chat: { id: CHAT } };
    this.#update({ callback_query: { id: String(++this.#count), from, message, data } });
  }

  /** Somebody answers a message. @param by who wrote that; default the bot */
  reply(post: TelegramPost, text: string, by: JsonObject = { id: 123, is_bot: true }): void {
    const answered = { message_id: post.id, from: by, text: post.text };
    const message = {
      message_id: ++this.#count,
      chat: { id: CHAT },
      from: { id: 7, first_name: "Ann" },
      text,
    };
    this.#update({ message: { ...message, reply_to_message: answered } });
  }

  until(isMet: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ isMet, resolve });
      this.#look();
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #update(update: JsonObject): void {
    this.#updates.push({ update_id: 1000 + ++this.#count, ...update });
    this.#serve();
  }

  #wait(response: ServerResponse, { offset = 0, timeout = 0 }: JsonObject): void {
    if (this.#poll) {
      const description =
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
      this.#answer(this.#poll.response, 409, { ok: false, description });
    }
    this.#poll = { offset: Number(offset), response };
    if (timeout !== 0) this.polls++;
    response.once("close", () => {
      if (timeout !== 0) this.polls--;
      if (this.#poll?.response === response) this.#poll = null;
      this.#look();
    });
    this.#serve();
    // Who does not wait is told so.
    if (timeout === 0 && this.#poll) {
      this.#poll = null;
      this.#answer(response, 200, { ok: true, result: [] });
    }
    this.#look();
  }

  /** Gives what is kept; what is before the offset is confirmed, and kept no more. */
  #serve(): void {
    if (!this.#poll) return;
    const { offset, response } = this.#poll;
    this.#updates = this.#updates.filter(({ update_id }) => Number(update_id) >= offset);
    if (this.#updates.length === 0) return;
    this.#poll = null;
    this.#answer(response, 200, { ok: true, result: this.#updates });
  }

  #take(method: string, body: JsonObject): [number, JsonObject] {
    const failed = (description: string): [number, JsonObject] => [
      400,
      { ok: false, error_code: 400, description },
    ];
    if (method === "answerCallbackQuery") {
      return String(body.text ?? "").length > 200
        ? failed("Bad Request: MESSAGE_TOO_LONG")
        : [200, { ok: true, result: true }];
    }
    if (Number(body.chat_id) !== CHAT) return failed("Bad Request: chat not found");
    const markup = (body.reply_markup ?? {}) as JsonObject;
    const buttons = ((markup.inline_keyboard ?? []) as TelegramPost["buttons"][]).flat();
    if (buttons.some(({ callback_data: data }) => Buffer.byteLength(data) > 64)) {
      return failed("Bad Request: BUTTON_DATA_INVALID");
    }
    const text = String(body.text ?? "");
    if (method !== "editMessageReplyMarkup" && (text === "" || text.length > 4096)) {
      return failed("Bad Request: message text is empty");
    }
    if (method === "sendMessage") {
      const post = { id: ++this.#count, text, buttons };
      this.posts.push(post);
      return [200, { ok: true, result: { message_id: post.id, chat: { id: CHAT }, text } }];
    }
    const post = this.posts.find(({ id }) => id === body.message_id);
    if (!post) return failed("Bad Request: message to edit not found");
    Object.assign(post, method === "editMessageText" ? { text, buttons } : { buttons });
    return [200, { ok: true, result: { message_id: post.id, chat: { id: CHAT }, text: post.text } }];
  }

  #answer(response: ServerResponse, status: number, body: JsonObject): void {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  }

  #look(): void {
    for (const { isMet, resolve } of this.#waiting) if (isMet()) resolve();
    this.#waiting = this.#waiting.filter(({ isMet }) => !isMet());
  }
}
