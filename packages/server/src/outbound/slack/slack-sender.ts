import type { JsonObject } from "@mission-control/protocol";
import type { WebhookRecord } from "../../store/records.ts";
import type { Message } from "../message.ts";
import type { MessageSender, TryResult } from "../sender.ts";
import { callService, type ServiceAnswer, type ServiceSender, textIn } from "../service-call.ts";

/** Refusals of a message that is refused again however often it is sent. */
const FINAL: ReadonlySet<string | undefined> = new Set([
  "no_text",
  "msg_too_long",
  "msg_blocks_too_long",
  "invalid_blocks",
  // Of a message that is to be changed: it is gone, or may not be changed any more.
  "message_not_found",
  "cant_update_message",
  "edit_window_closed",
]);

/** Writes messages by an app's bot. @see https://docs.slack.dev/reference/methods/chat.postMessage */
export class SlackAppSender implements MessageSender {
  readonly #sender: ServiceSender;

  constructor(sender: ServiceSender) {
    this.#sender = sender;
  }

  async send(
    endpoint: WebhookRecord,
    id: string,
    { url = endpoint.url, body }: Message,
    signal: AbortSignal,
  ): Promise<TryResult> {
    const token = endpoint.tokens?.bot ?? "";
    const asked = { url, token, body: JSON.parse(body) as JsonObject };
    const { result, json, refusal } = await callSlack(this.#sender, endpoint, id, asked, signal);
    const place = { channel: textIn(json, "channel"), message: textIn(json, "ts") };
    return { ...result, isRefused: FINAL.has(refusal), ...(place.message === "" ? {} : { place }) };
  }
}

/** Calls a method of Slack's Web API. @param token a bot's or an app's */
export function callSlack(
  sender: ServiceSender,
  endpoint: WebhookRecord,
  id: string,
  { url, token, body }: { url: string; token: string; body: JsonObject },
  signal: AbortSignal,
): Promise<ServiceAnswer> {
  return callService(
    sender,
    endpoint,
    id,
    { url, body, headers: { authorization: `Bearer ${token}` } },
    signal,
  );
}
