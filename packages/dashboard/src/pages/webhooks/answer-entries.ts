import type { CreateWebhook, WebhookEndpointView, WebhookFormat } from "@mission-control/protocol";
import { splitList } from "../../text/split-list.ts";

/** What is filled in about answers, as it stands in the form. */
export interface AnswerEntries {
  takesAnswers: boolean;
  /** Ids with commas between them. */
  users: string;
  botToken: string;
  appToken: string;
}

export const NO_ANSWERS: AnswerEntries = { takesAnswers: false, users: "", botToken: "", appToken: "" };

/** What an endpoint says of them: its tokens are never shown. */
export function answerEntriesOf({ answers }: WebhookEndpointView): AnswerEntries {
  return { ...NO_ANSWERS, takesAnswers: answers !== undefined, users: answers?.users?.join(", ") ?? "" };
}

/** Whether people can answer where a format shows them its messages. */
export function canAnswer(format: WebhookFormat): boolean {
  return format === "slack_app" || format === "telegram";
}

/** What a form comes to, for the call that adds an endpoint. */
export function answersBody(format: WebhookFormat, entries: AnswerEntries): Partial<CreateWebhook> {
  const users = splitList(entries.users);
  const [botToken, appToken] = [entries.botToken.trim(), entries.appToken.trim()];
  const isSlack = format === "slack_app";
  return {
    ...(canAnswer(format) && entries.takesAnswers ? { answers: users.length > 0 ? { users } : {} } : {}),
    ...(isSlack && botToken !== "" ? { botToken } : {}),
    ...(isSlack && appToken !== "" ? { appToken } : {}),
  };
}
