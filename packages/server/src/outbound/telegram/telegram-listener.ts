import { randomUUID } from "node:crypto";
import type { JsonObject } from "@mission-control/protocol";
import { rejectData } from "../answers/answer-desk.ts";
import type { Listener, ListenerParts } from "../answers/answers.ts";
import { keepHearing, UnheardError } from "../answers/keep-hearing.ts";
import { callService, objectIn, type ServiceAnswer, textIn } from "../service-call.ts";
import { telegramChat } from "./telegram-message.ts";

/** How long Telegram waits with its answer for something to happen, in seconds, and how long we wait for it. */
const POLL_S = 50;
const POLL_TIMEOUT_MS = 65_000;
/** What a pop-up over a chat may say, in UTF-16 units. */
const ALERT_LENGTH = 200;
/** Begins what asks for changes, with what they are about: the answer to it is known by that. */
const ASKS = "What is to be changed? Answer this message. ";
const ASKED = /^What is to be changed\? Answer this message\. \((\S+)\)$/;

/**
 * Hears what people press in the chats of one bot of Telegram, by long polling. What was taken is confirmed with the next
 * poll, and what was not comes again: Telegram keeps it for a day.
 * @see https://core.telegram.org/bots/api#getupdates
 */
export class TelegramListener implements Listener {
  readonly #parts: ListenerParts;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(parts: ListenerParts) {
    this.#parts = parts;
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    /** The first update that was not taken yet; none before the first poll, which then gives all that are kept. */
    let offset: number | undefined;
    await keepHearing("Telegram", this.#parts.report, this.#stop.signal, async (isHearing, heard) => {
      // Whether it can be heard at all is known at once by a poll that does not wait.
      for (const update of await this.#poll(offset, isHearing ? POLL_S : 0)) {
        await this.#take(update);
        offset = Number(update.update_id) + 1;
      }
      heard();
    });
  }

  /** @param timeout how long Telegram waits for something to happen, in seconds @throws UnheardError */
  async #poll(offset: number | undefined, timeout: number): Promise<JsonObject[]> {
    const body = {
      timeout,
      allowed_updates: ["callback_query", "message"],
      ...(offset === undefined ? {} : { offset }),
    };
    const { result, json } = await this.#call("getUpdates", body, POLL_TIMEOUT_MS);
    if (!result.isDelivered) throw new UnheardError(result);
    return Array.isArray(json.result) ? (json.result as JsonObject[]) : [];
  }

  /** Takes one update. @throws StoreUnavailableError: then it comes again */
  async #take(update: JsonObject): Promise<void> {
    const query = objectIn(update, "callback_query");
    if (query.id !== undefined) return this.#takePress(query);
    const message = objectIn(update, "message");
    const asked = objectIn(message, "reply_to_message");
    const bot = objectIn(asked, "from");
    const [, deliveryId] = ASKED.exec(textIn(asked, "text")) ?? [];
    // By the bot's own message alone: anybody can write its words.
    if (deliveryId !== undefined && bot.is_bot === true && textIn(bot, "id") === this.#botId) {
      await this.#takeChanges(message, deliveryId);
    }
  }

  /** @see https://core.telegram.org/bots/api#callbackquery */
  async #takePress(query: JsonObject): Promise<void> {
    const message = objectIn(query, "message");
    const taken = await this.#parts.desk.take("telegram", this.#endpointsOf(message), {
      data: textIn(query, "data"),
      user: userIn(query),
    });
    const words = taken.kind === "refused" ? taken.words : "";
    const alert = words === "" ? {} : { text: words.slice(0, ALERT_LENGTH), show_alert: true };
    await this.#call("answerCallbackQuery", { callback_query_id: textIn(query, "id"), ...alert });
    const chat = { chat_id: textIn(objectIn(message, "chat"), "id") };
    if (taken.kind === "asks") {
      const force = { force_reply: true, selective: true };
      const about = { reply_parameters: { message_id: Number(message.message_id) }, reply_markup: force };
      await this.#call("sendMessage", { ...chat, text: `${ASKS}(${taken.deliveryId})`, ...about });
    } else if (taken.kind === "refused" && taken.isOver) {
      await this.#call("editMessageReplyMarkup", { ...chat, message_id: Number(message.message_id) });
    }
  }

  /** @see https://core.telegram.org/bots/api#forcereply */
  async #takeChanges(message: JsonObject, deliveryId: string): Promise<void> {
    const feedback = textIn(message, "text").trim();
    if (feedback === "") return;
    const taken = await this.#parts.desk.take("telegram", this.#endpointsOf(message), {
      data: rejectData(deliveryId),
      user: userIn(message),
      feedback,
    });
    if (taken.kind !== "refused") return;
    const reply = { reply_parameters: { message_id: Number(message.message_id) } };
    await this.#call("sendMessage", {
      chat_id: textIn(objectIn(message, "chat"), "id"),
      text: taken.words,
      ...reply,
    });
  }

  /** Those that write to the chat of a message. */
  #endpointsOf(message: JsonObject) {
    const chat = objectIn(message, "chat");
    const names = [textIn(chat, "id"), `@${textIn(chat, "username")}`];
    return this.#parts.endpoints().filter(({ url }) => names.includes(telegramChat(url).chat));
  }

  /** A bot's id is the beginning of its token. */
  get #botId(): string {
    return /\/bot(\d+):[^/]*\/$/.exec(telegramChat(this.#parts.endpoints()[0].url).base)?.[1] ?? "";
  }

  #call(method: string, body: JsonObject, timeoutMs?: number): Promise<ServiceAnswer> {
    const [endpoint] = this.#parts.endpoints();
    const url = `${telegramChat(endpoint.url).base}${method}`;
    const post = { url, body, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
    return callService(this.#parts.service, endpoint, randomUUID(), post, this.#stop.signal);
  }
}

function userIn(json: JsonObject): { id: string; name: string } {
  const from = objectIn(json, "from");
  return { id: textIn(from, "id"), name: textIn(from, "username") || textIn(from, "first_name") };
}
