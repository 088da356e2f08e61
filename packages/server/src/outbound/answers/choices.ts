import { type LogEvent, type PermissionRequest, permissionRequestSchema } from "@mission-control/protocol";
import { noticeKindOf } from "../notice.ts";

/** What a button stands for. */
export type Choice =
  | { kind: "option"; requestId: string; optionId: string }
  | { kind: "approve" }
  /** Sends a result back; what is to be changed is asked for next. */
  | { kind: "reject" };

/** A button under a message. */
export interface ChoiceButton {
  /** What stands for it in the service: the delivery's id and a word, within Telegram's 64 bytes. */
  data: string;
  label: string;
  /** Whether it lets something happen, or refuses it. */
  tone: "good" | "bad" | "plain";
  choice: Choice;
}

const APPROVE = "a";
const REJECT = "r";
const OPTION = "o";

/** The buttons under the message of an event; none for what is answered on the dashboard alone, such as a form. */
export function choicesOf(event: LogEvent, deliveryId: string): ChoiceButton[] {
  const kind = noticeKindOf(event);
  const data = (word: string) => `${deliveryId}:${word}`;
  if (kind === "review") {
    return [
      { data: data(APPROVE), label: "Approve", tone: "good", choice: { kind: "approve" } },
      { data: data(REJECT), label: "Request changes", tone: "plain", choice: { kind: "reject" } },
    ];
  }
  const request = kind === "question" ? requestOf(event) : null;
  if (!request || request.fields) return [];
  return request.options.map(({ optionId, name, kind: optionKind = "" }, index) => ({
    data: data(`${OPTION}${index}`),
    label: name,
    tone: optionKind.startsWith("allow") ? "good" : optionKind.startsWith("reject") ? "bad" : "plain",
    choice: { kind: "option", requestId: request.id, optionId },
  }));
}

/** The delivery whose button was pressed; null for what is no button's. @see deliveryId */
export function deliveryOf(data: string): { id: string; endpointId: string; eventId: number } | null {
  const [, id = "", endpointId = "", eventId = ""] = /^(([^.:]+)\.(\d{1,15})):[a-z]\d*$/.exec(data) ?? [];
  return id === "" ? null : { id, endpointId, eventId: Number(eventId) };
}

/** The request that a question asks for. */
export function requestOf({ data }: Pick<LogEvent, "data">): PermissionRequest | null {
  return permissionRequestSchema.safeParse(data.request).data ?? null;
}
