import type { JsonObject } from "@mission-control/protocol";
import type { MessagePlace } from "../../store/deliveries.ts";
import type { ChoiceButton } from "../answers/choices.ts";
import type { Message } from "../message.ts";
import type { Notice } from "../notice.ts";
import { clipped, slackEscaped } from "../notice-format.ts";
import { callMessage, methodsBeside } from "../service-call.ts";

/** Slack refuses a longer text of a section, in characters after escaping. */
const SECTION_LENGTH = 3000;
/** And of a button, or of a title of a dialog. */
const BUTTON_LENGTH = 75;
/** Buttons of one block. */
const BLOCK_BUTTONS = 25;
const STYLES = { good: "primary", bad: "danger", plain: undefined } as const;

/**
 * A message that an app's bot writes to a channel.
 * @param channelUrl `chat.postMessage` with the channel's id as `channel` in its query
 * @param deliveryId stands in the message's metadata: whoever looks there knows a repeat by it
 * @see https://docs.slack.dev/reference/methods/chat.postMessage
 * @see https://docs.slack.dev/reference/block-kit/blocks
 */
export function slackAppMessage(
  notice: Notice,
  buttons: readonly ChoiceButton[],
  channelUrl: string,
  deliveryId: string,
): Message {
  const blocks: JsonObject[] = sections(notice);
  for (let first = 0; first < buttons.length; first += BLOCK_BUTTONS) {
    const elements = buttons.slice(first, first + BLOCK_BUTTONS).map(({ data, label, tone }, index) => ({
      type: "button",
      action_id: `choice-${first + index}`,
      text: { type: "plain_text", text: clipped(label, BUTTON_LENGTH), emoji: false },
      value: data,
      ...(STYLES[tone] === undefined ? {} : { style: STYLES[tone] }),
    }));
    blocks.push({ type: "actions", elements });
  }
  const metadata = { event_type: "mission_control_delivery", event_payload: { id: deliveryId } };
  const { base, channel } = slackChannel(channelUrl);
  return callMessage(`${base}chat.postMessage`, { ...said(channel, notice, blocks), metadata });
}

/**
 * The same message when what it asks for is over: without its buttons, and with what became of it.
 * @see https://docs.slack.dev/reference/methods/chat.update
 */
export function slackAppEdit(
  notice: Notice,
  words: string,
  channelUrl: string,
  place: MessagePlace,
): Message {
  const foot = {
    type: "context",
    elements: [{ type: "mrkdwn", text: clipped(slackEscaped(words), SECTION_LENGTH) }],
  };
  const { base } = slackChannel(channelUrl);
  const body = { ...said(place.channel, notice, [...sections(notice), foot]), ts: place.message };
  return callMessage(`${base}chat.update`, body);
}

/** Where an app's bot writes: the address of the service's methods, and the channel's id. */
export function slackChannel(channelUrl: string): { base: string; channel: string } {
  return { base: methodsBeside(channelUrl), channel: new URL(channelUrl).searchParams.get("channel") ?? "" };
}

function sections({ title, text, link }: Notice): JsonObject[] {
  const head = clipped(slackEscaped(title), SECTION_LENGTH - (link?.length ?? 0) - 8);
  const texts = [
    link === null ? `*${head}*` : `*<${link}|${head}>*`,
    clipped(slackEscaped(text), SECTION_LENGTH),
  ];
  return texts
    .filter((one) => one !== "")
    .map((one) => ({ type: "section", text: { type: "mrkdwn", text: one } }));
}

/** The text is what notifications and screen readers tell; the blocks are what is seen. */
function said(channel: string, { title }: Notice, blocks: JsonObject[]): JsonObject {
  return { channel, text: clipped(slackEscaped(title), SECTION_LENGTH), blocks, unfurl_links: false };
}
