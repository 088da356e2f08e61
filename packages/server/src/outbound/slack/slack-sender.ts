import type { JsonObject } from "@mission-control/protocol";
import type { WebhookRecord } from "../../store/records.ts";
import { callService, type ServiceAnswer, type ServiceSender, textIn } from "../service-call.ts";
import type { MessageService } from "../service-sender.ts";

/** Refusals of a message that is refused again however often it is sent. */
const FINAL: ReadonlySet<string> = new Set([
  "no_text",
  "msg_too_long",
  "msg_blocks_too_long",
  "invalid_blocks",
  // Of a message that is to be changed: it is gone, or may not be changed any more.
  "message_not_found",
  "cant_update_message",
  "edit_window_closed",
]);

/** Messages of an app's bot. @see https://docs.slack.dev/reference/methods/chat.postMessage */
export const SLACK_APP: MessageService = {
  headers: ({ tokens }) => bearer(tokens?.bot),
  isFinal: (refusal) => FINAL.has(refusal),
  placeIn: (json) => ({ channel: textIn(json, "channel"), message: textIn(json, "ts") }),
};

/** Calls a method of Slack's Web API. @param token a bot's or an app's */
export function callSlack(
  sender: ServiceSender,
  endpoint: WebhookRecord,
  id: string,
  { url, token, body }: { url: string; token: string | undefined; body: JsonObject },
  signal: AbortSignal,
): Promise<ServiceAnswer> {
  return callService(sender, endpoint, id, { url, body, headers: bearer(token) }, signal);
}

function bearer(token = ""): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}
