import type { WebhookRecord } from "../store/records.ts";
import type { MailSender } from "./mail/mail-sender.ts";
import type { Message } from "./message.ts";
import type { MessageSender, TryResult, WebhookSender } from "./sender.ts";

export interface ChannelSenderOptions {
  webhook: WebhookSender;
  mail: MailSender;
}

/** Sends each endpoint's messages the way that its format goes. */
export class ChannelSender implements MessageSender {
  readonly #options: ChannelSenderOptions;

  constructor(options: ChannelSenderOptions) {
    this.#options = options;
  }

  send(endpoint: WebhookRecord, id: string, message: Message, signal: AbortSignal): Promise<TryResult> {
    const { webhook, mail } = this.#options;
    return (endpoint.format === "email" ? mail : webhook).send(endpoint, id, message, signal);
  }

  close(): void {
    this.#options.webhook.close();
  }
}
