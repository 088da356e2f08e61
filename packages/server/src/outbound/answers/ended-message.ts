import type { LogEvent } from "@mission-control/protocol";
import type { MessagePlace } from "../../store/deliveries.ts";
import type { WebhookRecord } from "../../store/records.ts";
import type { Store } from "../../store/store.ts";
import { deliveredJson } from "../log-source.ts";
import type { Message } from "../message.ts";
import { noticeOf } from "../notice.ts";
import { slackAppEdit } from "../slack/slack-message.ts";
import { telegramEdit } from "../telegram/telegram-message.ts";
import type { OpenMessage } from "./open-messages.ts";

/** What a message is changed to when what it asks for is over. @param words what became of it */
export async function endedMessage(
  store: Pick<Store, "task" | "deliveryEvent" | "frames" | "range">,
  { format, url }: Pick<WebhookRecord, "format" | "url">,
  message: Pick<OpenMessage, "id" | "eventId"> & { shown: MessagePlace },
  words: string,
  publicUrl: string,
): Promise<Message> {
  const json = await deliveredJson(store, message);
  const event = json === null ? null : (JSON.parse(json) as LogEvent);
  const task = event?.taskId === undefined ? null : await store.task(event.taskId);
  const notice = event ? noticeOf(event, task, publicUrl) : GONE;
  const edit = format === "telegram" ? telegramEdit : slackAppEdit;
  return edit(notice, words, url, message.shown);
}

/** Of an event that the log does not hold any more. */
const GONE = { kind: null, title: "Mission Control", text: "", link: null };
