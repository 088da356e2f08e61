import type { WebhookFormat } from "@mission-control/protocol";
import type { WebhookRecord } from "../store/records.ts";
import type { MailSender } from "./mail/mail-sender.ts";
import type { Message } from "./message.ts";
import type { MessageSender, TryResult, WebhookSender } from "./sender.ts";
import { ServiceMessageSender } from "./service-sender.ts";
import { SLACK_APP } from "./slack/slack-sender.ts";
import { TELEGRAM } from "./telegram/telegram-sender.ts";

export interface ChannelSenderOptions {
  webhook: WebhookSender;
  mail: MailSender;
}

/** Sends each endpoint's messages the way that its format goes. */
export class ChannelSender implements MessageSender {
  readonly #webhook: WebhookSender;
  readonly #own: Partial<Record<WebhookFormat, MessageSender>>;

  constructor({ webhook, mail }: ChannelSenderOptions) {
    this.#webhook = webhook;
    this.#own = {
      email: mail,
      slack_app: new ServiceMessageSender(webhook, SLACK_APP),
      telegram: new ServiceMessageSender(webhook, TELEGRAM),
    };
  }

  send(endpoint: WebhookRecord, id: string, message: Message, signal: AbortSignal): Promise<TryResult> {
    return (this.#own[endpoint.format] ?? this.#webhook).send(endpoint, id, message, signal);
  }

  close(): void {
    this.#webhook.close();
  }
}
