import type { JsonObject } from "@mission-control/protocol";
import type { WebhookRecord } from "../../store/records.ts";
import type { Message } from "../message.ts";
import type { MessageSender, TryResult } from "../sender.ts";
import { callService, objectIn, type ServiceSender, textIn } from "../service-call.ts";

/** How it refuses to change a message that is gone, too old, or just as it should be already. */
const UNCHANGEABLE = /message (is not modified|to edit not found|can't be edited)/;

/** Writes messages by a bot. @see https://core.telegram.org/bots/api#sendmessage */
export class TelegramSender implements MessageSender {
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
    const asked = { url, body: JSON.parse(body) as JsonObject };
    const { result, json, refusal = "" } = await callService(this.#sender, endpoint, id, asked, signal);
    const message = objectIn(json, "result");
    const place = {
      channel: textIn(objectIn(message, "chat"), "id"),
      message: textIn(message, "message_id"),
    };
    return { ...result, isRefused: UNCHANGEABLE.test(refusal), ...(place.message === "" ? {} : { place }) };
  }
}
