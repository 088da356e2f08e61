import type { JsonObject } from "@mission-control/protocol";
import type { MessagePlace } from "../../store/deliveries.ts";
import type { ChoiceButton } from "../answers/choices.ts";
import type { Message } from "../message.ts";
import type { Notice } from "../notice.ts";
import { clipped, telegramText } from "../notice-format.ts";
import { callMessage, methodsBeside } from "../service-call.ts";

/** More of a button's label is not seen on a phone. */
const LABEL_LENGTH = 64;

/**
 * A message to a chat with buttons under it, each in a row of its own. Plain text, as every message to Telegram.
 * @param botUrl of a bot's `sendMessage`, with the chat in its query
 * @see https://core.telegram.org/bots/api#inlinekeyboardmarkup
 */
export function telegramAsk(notice: Notice, buttons: readonly ChoiceButton[], botUrl: string): Message {
  const { chat } = telegramChat(botUrl);
  const rows = buttons.map(({ data, label }) => [
    { text: clipped(label, LABEL_LENGTH), callback_data: data },
  ]);
  return telegramCall(botUrl, "sendMessage", {
    chat_id: chat,
    ...said(telegramText(notice)),
    ...(rows.length === 0 ? {} : { reply_markup: { inline_keyboard: rows } }),
  });
}

/**
 * The same message when what it asks for is over: without its buttons, which go with a change of the text that names
 * none, and with what became of it.
 * @see https://core.telegram.org/bots/api#editmessagetext
 */
export function telegramEdit(notice: Notice, words: string, botUrl: string, place: MessagePlace): Message {
  return telegramCall(botUrl, "editMessageText", {
    chat_id: place.channel,
    message_id: Number(place.message),
    ...said(telegramText(notice, words)),
  });
}

/** A call of a bot's method. */
export function telegramCall(botUrl: string, method: string, body: JsonObject): Message {
  return callMessage(`${telegramChat(botUrl).base}${method}`, body);
}

/** The address of a bot's methods, which holds its token, and the chat that it writes to. */
export function telegramChat(botUrl: string): { base: string; chat: string } {
  return { base: methodsBeside(botUrl), chat: new URL(botUrl).searchParams.get("chat_id") ?? "" };
}

function said(text: string): JsonObject {
  return { text, link_preview_options: { is_disabled: true } };
}
