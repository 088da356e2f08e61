import type { Dispatcher } from "../dispatch/dispatcher.ts";
import { Answers } from "../outbound/answers/answers.ts";
import { ChannelSender } from "../outbound/channel-sender.ts";
import { SYSTEM_CLOCK } from "../outbound/clock.ts";
import { MailSender, mailFromOf } from "../outbound/mail/mail-sender.ts";
import { Outbound } from "../outbound/outbound.ts";
import { publicLookup } from "../outbound/public-address.ts";
import { WebhookSender } from "../outbound/sender.ts";
import { Webhooks } from "../outbound/webhooks.ts";
import type { Base } from "./base.ts";

/** What goes out to webhook endpoints and people, and the answers that come back from them. */
export interface OutboundSide {
  webhooks: Webhooks;
  /** Begins to deliver, and to hear answers. */
  start(operator: Dispatcher): void;
}

/** Opens the senders; nothing goes out before it is started. */
export function openOutboundSide({ settings, store, address, logger, metrics, opened }: Base): OutboundSide {
  const clock = SYSTEM_CLOCK;
  const { smtpUrl, allowPrivateWebhooks: allowPrivate } = settings;
  const mail = new MailSender({ clock, smtpUrl, from: mailFromOf(settings, address.publicUrl) });
  const webhook = new WebhookSender({ clock, allowPrivate });
  const sender = opened.add(new ChannelSender({ webhook, mail }));
  const parts = { store, sender, clock, publicUrl: () => address.publicUrl };
  return {
    webhooks: new Webhooks({ ...parts, allowPrivate, canMail: smtpUrl !== undefined }),
    start: (operator) => {
      opened.add(new Outbound({ ...parts, logger, metrics }));
      const lookup = allowPrivate ? undefined : publicLookup();
      opened.add(new Answers({ ...parts, service: webhook, operator, logger, lookup }));
    },
  };
}
