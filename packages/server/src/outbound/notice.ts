import {
  budgetCrossingSchema,
  budgetLimitNumber,
  type EventType,
  type Json,
  type JsonObject,
  type LogEvent,
  type NoticeKind,
  type WebhookFormat,
} from "@mission-control/protocol";
import type { WebhookRecord } from "../store/records.ts";
import type { Task } from "../tasks/task.ts";

/** Types of the events that may be notices. */
export const NOTICE_TYPES: readonly EventType[] = [
  "permission",
  "message",
  "status_change",
  "dispatch",
  "budget",
];
/** The notices of an endpoint that names none: all that is in the inbox, messages that an agent did not get, and budgets. */
const USUAL: readonly NoticeKind[] = ["question", "undelivered", "review", "failure", "silent", "budget"];
/** Of what an agent wrote, in UTF-16 units: a notice leads to the rest. */
const TEXT_LENGTH = 1000;

const WORDS: Readonly<Record<NoticeKind, string>> = {
  question: "An agent asks",
  undelivered: "Not delivered to the agent",
  review: "To be reviewed",
  failure: "Failed",
  silent: "No word from the agent",
  budget: "Budget",
  complete: "Completed",
};

/** A notice, in words. */
export interface Notice {
  kind: NoticeKind | null;
  title: string;
  text: string;
  /** Where to see it, and to act on it; null for what is about no task. */
  link: string | null;
}

/** Whether a format is for people, not for programs. */
export function isForPeople(format: WebhookFormat): boolean {
  return format !== "event" && format !== "cloudevents";
}

/** Whether messages of a format are changed where they are shown, once what they ask for is over. */
export function isChanged(format: WebhookFormat): boolean {
  return format === "slack_app" || format === "telegram";
}

/** Which notices an endpoint gets; null for one that gets events of all kinds. */
export function noticesOf({ notices, format }: Pick<WebhookRecord, "notices" | "format">) {
  return notices ?? (isForPeople(format) ? USUAL : null);
}

/** The types of events among which the notices are; of those that are asked for, where some are. */
export function noticeTypes(types: readonly EventType[] = NOTICE_TYPES): EventType[] {
  return NOTICE_TYPES.filter((type) => types.includes(type));
}

/** What kind of notice an event is; null for an event that is none. */
export function noticeKindOf({ type, data }: Pick<LogEvent, "type" | "data">): NoticeKind | null {
  if (type === "permission" && data.state === "requested") return "question";
  if (isUndelivered({ type, data })) return "undelivered";
  if (type === "dispatch") return isMissed(data.silence) ? "silent" : null;
  if (type === "budget") return isNews(data) ? "budget" : null;
  if (type !== "status_change") return null;
  if (data.to === "review") return "review";
  if (data.to === "failed") return "failure";
  return data.to === "completed" ? "complete" : null;
}

/**
 * Whether an event tells that the agent did not get an answer, or a message. That of the message that began an attempt is
 * told by the attempt's end.
 */
function isUndelivered({ type, data: { state, opening } }: Pick<LogEvent, "type" | "data">): boolean {
  if (type === "permission") return state === "undelivered";
  return type === "message" && state === "refused" && opening !== true;
}

/** Whether a share of a budget was reached. Where all of it was at once, that is told, and not the share before it. */
function isNews(data: JsonObject): boolean {
  const { data: reached } = budgetCrossingSchema.safeParse(data);
  return !!reached && (reached.threshold === 100 || reached.spent < budgetLimitNumber(reached.limit));
}

/** Whether an event tells that an agent is missed. What was accepted a moment ago need not trouble anybody yet. */
function isMissed(silence: Json | undefined): boolean {
  if (typeof silence !== "object" || silence === null || Array.isArray(silence)) return false;
  return silence.state === "silent" || silence.state === "offline";
}

/**
 * Puts an event into words.
 * @param task the event's, as it is now; null where there is none
 * @param publicUrl of the server, whose dashboard shows the task
 */
export function noticeOf(event: LogEvent, task: Task | null, publicUrl: string): Notice {
  const kind = noticeKindOf(event);
  const what = kind === null ? "Mission Control" : WORDS[kind];
  const said = {
    question: event.message,
    undelivered: `${writtenIn(event)}: ${event.message}`,
    review: task?.summary,
    failure: task?.error,
    silent: event.message,
    // Its title says it all.
    budget: "",
    complete: task?.summary,
  };
  const about = kind === "budget" ? event.message : task?.title;
  const text = (kind === null ? event.message : said[kind]) ?? "";
  return {
    kind,
    title: about === undefined ? what : `${what}: ${about}`,
    text: text.length > TEXT_LENGTH ? `${text.slice(0, TEXT_LENGTH)}…` : text,
    link: linkOf(kind, event, publicUrl),
  };
}

/** What was written that the agent did not get. */
function writtenIn({ type, data: { title, by } }: LogEvent): string {
  return type === "permission" ? `The answer to "${title}"` : `A message of ${by}`;
}

function linkOf(kind: NoticeKind | null, { taskId }: LogEvent, publicUrl: string): string | null {
  if (kind === "budget") return `${publicUrl}/insights`;
  return taskId === undefined ? null : `${publicUrl}/tasks/${taskId}`;
}
