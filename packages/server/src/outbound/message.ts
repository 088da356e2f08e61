import type { LogEvent } from "@mission-control/protocol";
import type { WebhookRecord } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import { choicesOf } from "./answers/choices.ts";
import { mailMessage } from "./mail/mail-message.ts";
import { type Notice, noticeOf } from "./notice.ts";
import { discordMessage, ntfyMessage, slackMessage } from "./notice-format.ts";
import { digestNotice, digestOf } from "./rules/digest.ts";
import { slackAppMessage } from "./slack/slack-message.ts";
import { telegramAsk } from "./telegram/telegram-message.ts";

/** What is sent of an event. */
export interface Message {
  contentType: string;
  body: string;
  /** Where it is sent to, where that is not the endpoint's own URL. */
  url?: string;
  /** What an e-mail has beside its text, which is the body. */
  mail?: { subject: string; html: string };
}

/** The id of an event's delivery to an endpoint, which is the `webhook-id` of each try: the same after any restart. */
export function deliveryId(endpointId: string, eventId: number): string {
  return `${endpointId}.${eventId}`;
}

/**
 * Writes an event for an endpoint.
 * @param json the event as the stream sends it; to programs it goes out as it is, and is not parsed and written again
 * @param publicUrl the server's: with the event's id, it is what a CloudEvent is known by, and it leads people to the task
 */
export async function messageOf(
  store: Pick<Store, "task">,
  { id, format, url, answers }: Pick<WebhookRecord, "id" | "format" | "url" | "answers">,
  json: string,
  publicUrl: string,
): Promise<Message> {
  if (format === "event") return { contentType: "application/json", body: json };
  const event = JSON.parse(json) as LogEvent;
  if (format === "cloudevents") return cloudEvent(event, json, publicUrl);
  const notice = await noticeFor(store, event, publicUrl);
  const delivery = deliveryId(id, event.id);
  const buttons = answers ? choicesOf(event, delivery) : [];
  switch (format) {
    case "slack":
      return slackMessage(notice);
    case "discord":
      return discordMessage(notice);
    case "ntfy":
      return ntfyMessage(notice, url);
    case "telegram":
      return telegramAsk(notice, buttons, url);
    case "slack_app":
      return slackAppMessage(notice, buttons, url, delivery);
    case "email":
      return mailMessage(notice);
  }
}

async function noticeFor(store: Pick<Store, "task">, event: LogEvent, publicUrl: string): Promise<Notice> {
  const digest = digestOf(event);
  if (digest) return digestNotice(store, digest, publicUrl);
  const task = event.taskId === undefined ? null : await store.task(event.taskId);
  return noticeOf(event, task, publicUrl);
}

/** @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md */
function cloudEvent({ id, type, taskId, receivedAt }: LogEvent, json: string, source: string): Message {
  const attributes = {
    specversion: "1.0",
    id: String(id),
    source,
    type: `mission-control.${type}`,
    ...(taskId === undefined ? {} : { subject: taskId }),
    time: receivedAt,
    datacontenttype: "application/json",
  };
  const body = `${JSON.stringify(attributes).slice(0, -1)},"data":${json}}`;
  return { contentType: "application/cloudevents+json; charset=utf-8", body };
}
