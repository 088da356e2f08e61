import type { Message } from "./message.ts";
import type { Notice } from "./notice.ts";

const JSON_TYPE = "application/json";
/** Discord refuses a longer `content`, and Telegram a longer `text`. */
const DISCORD_LENGTH = 2000;
const TELEGRAM_LENGTH = 4096;

/**
 * A message to a Slack channel, for the URL of an incoming webhook. Control characters of its markup are escaped, so
 * that nothing an agent writes becomes a mention or a link.
 * @see https://docs.slack.dev/messaging/formatting-message-text
 */
export function slackMessage({ title, text, link }: Notice): Message {
  const head = link === null ? slackEscaped(title) : `<${link}|${slackEscaped(title)}>`;
  const body = { text: [`*${head}*`, slackEscaped(text)].filter(Boolean).join("\n"), unfurl_links: false };
  return { contentType: JSON_TYPE, body: JSON.stringify(body) };
}

/** Text that is no markup of Slack's, whatever it holds. */
export function slackEscaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/**
 * A message to a Discord channel, for the URL of its webhook. It mentions nobody, whatever it says.
 * @see https://discord.com/developers/docs/resources/webhook#execute-webhook
 */
export function discordMessage({ title, text, link }: Notice): Message {
  const foot = link === null ? "" : `\n<${link}>`;
  const content = `**${title}**\n${text}`.trimEnd().slice(0, DISCORD_LENGTH - foot.length) + foot;
  return { contentType: JSON_TYPE, body: JSON.stringify({ content, allowed_mentions: { parse: [] } }) };
}

/**
 * A message to a topic of ntfy, for the topic's URL. Sent as JSON to the server's root, as headers hold no other
 * characters than ASCII.
 * @see https://docs.ntfy.sh/publish/#publish-as-json
 */
export function ntfyMessage({ kind, title, text, link }: Notice, topicUrl: string): Message {
  const url = new URL(topicUrl);
  const path = url.pathname.split("/");
  const topic = decodeURIComponent(path.pop() ?? "");
  url.pathname = `${path.join("/")}/`;
  const body = {
    topic,
    title,
    message: text === "" ? title : text,
    priority: kind === "question" || kind === "undelivered" || kind === "failure" ? 4 : 3,
    ...(link === null ? {} : { click: link }),
  };
  return { contentType: JSON_TYPE, body: JSON.stringify(body), url: url.href };
}

/** What Telegram shows of a notice. @param words what became of it, if it is over; that is never cut off */
export function telegramText({ title, text, link }: Notice, words = ""): string {
  const foot = [link ?? "", words].filter(Boolean).join("\n");
  const said = clipped([title, text].filter(Boolean).join("\n"), TELEGRAM_LENGTH - foot.length - 1);
  return foot === "" ? said : `${said}\n${foot}`;
}

/** A text's beginning, with an ellipsis where it is longer than so many UTF-16 units; no character is cut in half. */
export function clipped(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
