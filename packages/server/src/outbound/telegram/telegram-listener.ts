import { randomUUID } from "node:crypto";
import type { JsonObject } from "@mission-control/protocol";
import { pause } from "../../abortable.ts";
import { fullJitter } from "../../gateways/backoff.ts";
import { rejectData } from "../answers/answer-desk.ts";
import type { Listener, ListenerParts } from "../answers/answers.ts";
import { callService, objectIn, type ServiceAnswer, textIn } from "../service-call.ts";
import { telegramChat } from "./telegram-message.ts";

/** How long Telegram waits with its answer for something to happen, in seconds, and how long we wait for it. */
const POLL_S = 50;
const POLL_TIMEOUT_MS = 65_000;
const BACKOFF = { firstMs: 1000, longestMs: 60_000 };
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
    const { signal } = this.#stop;
    /** The first update that was not taken yet; none before the first poll, which then gives all that are kept. */
    let offset: number | undefined;
    let failures = 0;
    let isUp = false;
    while (!signal.aborted) {
      try {
        // Whether it can be heard at all is known at once by a poll that does not wait.
        const polled = await this.#poll(offset, isUp && failures === 0 ? POLL_S : 0);
        if (!isUp || failures > 0) this.#parts.report(null);
        isUp = true;
        for (const update of polled) {
          await this.#take(update);
          offset = Number(update.update_id) + 1;
        }
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        if (failures === 0) this.#parts.report(`Telegram: ${(error as Error).message}`);
        const asked = error instanceof PollError ? (error.retryAfterMs ?? 0) : 0;
        await pause(Math.max(asked, fullJitter(BACKOFF, failures++, Math.random)), signal);
      }
    }
  }

  /** @param timeout how long Telegram waits for something to happen, in seconds @throws PollError */
  async #poll(offset: number | undefined, timeout: number): Promise<JsonObject[]> {
    const body = {
      timeout,
      allowed_updates: ["callback_query", "message"],
      ...(offset === undefined ? {} : { offset }),
    };
    const { result, json } = await this.#call("getUpdates", body, POLL_TIMEOUT_MS);
    if (!result.isDelivered) throw new PollError(result.made.error ?? "", result.retryAfterMs);
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

class PollError extends Error {
  readonly code = "telegram_poll";
  override name = "PollError";
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs: number | undefined) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

function userIn(json: JsonObject): { id: string; name: string } {
  const from = objectIn(json, "from");
  return { id: textIn(from, "id"), name: textIn(from, "username") || textIn(from, "first_name") };
}
