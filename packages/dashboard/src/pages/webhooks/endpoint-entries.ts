import type {
  CreateWebhook,
  EventType,
  NoticeKind,
  PatchWebhook,
  WebhookEndpointView,
  WebhookFormat,
} from "@mission-control/protocol";
import { splitList } from "../../text/split-list.ts";
import { type AnswerEntries, answerEntriesOf, answersBody, NO_ANSWERS } from "./answer-entries.ts";
import { NO_RULES, type RuleEntries, ruleEntriesOf, rulesBody } from "./rule-entries.ts";

/** What is filled in about an endpoint, as it stands in the form. */
export interface EndpointEntries extends AnswerEntries, RuleEntries {
  url: string;
  description: string;
  format: WebhookFormat;
  types: readonly EventType[];
  notices: readonly NoticeKind[];
  agentIds: readonly string[];
  /** With commas between them. */
  tags: string;
}

/** The form of an endpoint that is not there yet. */
export function newEntries(): EndpointEntries {
  const filters = { types: [], notices: [], agentIds: [], tags: "" };
  return { url: "", description: "", format: "event", ...filters, ...NO_ANSWERS, ...NO_RULES };
}

/** The form filled with what an endpoint is like, as it is shown: without its secrets. */
export function entriesOf(endpoint: WebhookEndpointView): EndpointEntries {
  const { url, description = "", format, types = [], notices = [], agentIds = [], tags = [] } = endpoint;
  return {
    url,
    description,
    format,
    types,
    notices,
    agentIds,
    tags: tags.join(", "),
    ...answerEntriesOf(endpoint),
    ...ruleEntriesOf(endpoint),
  };
}

/** Whether a format is for people, not for programs. */
export function isForPeople(format: WebhookFormat): boolean {
  return format !== "event" && format !== "cloudevents";
}

/** What changes with the format: people are told of notices, and when they want; programs get events by their types. */
export function withFormat(entries: EndpointEntries, format: WebhookFormat): Partial<EndpointEntries> {
  if (isForPeople(format) === isForPeople(entries.format)) return { format };
  return isForPeople(format) ? { format, types: [] } : { format, notices: [], ...NO_RULES };
}

/** What a form comes to, for the call that adds an endpoint. */
export function bodyOf(entries: EndpointEntries): CreateWebhook {
  const { url, description, format, types, notices, agentIds } = entries;
  const tags = splitList(entries.tags);
  return {
    url: url.trim(),
    format,
    ...(description.trim() === "" ? {} : { description: description.trim() }),
    ...(types.length > 0 ? { types: [...types] } : {}),
    ...(notices.length > 0 ? { notices: [...notices] } : {}),
    ...(agentIds.length > 0 ? { agentIds: [...agentIds] } : {}),
    ...(tags.length > 0 ? { tags } : {}),
    ...answersBody(format, entries),
    ...(isForPeople(format) ? rulesBody(entries) : {}),
  };
}

/** What was changed in a form, for the call that edits: what is as it was is not named, and null is what is to go. */
export function changesOf(before: EndpointEntries, after: EndpointEntries): PatchWebhook {
  const was: Record<string, unknown> = { ...bodyOf(before) };
  const is: Record<string, unknown> = { ...bodyOf(after) };
  const fields = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  const changed = fields.filter((field) => JSON.stringify(was[field]) !== JSON.stringify(is[field]));
  return Object.fromEntries(changed.map((field) => [field, is[field] ?? null]));
}

/** A form over an endpoint that was edited elsewhere: what was not changed in the form is as it is there now. */
export function rebased(
  before: EndpointEntries,
  mine: EndpointEntries,
  now: EndpointEntries,
): EndpointEntries {
  const changed = Object.entries(mine).filter(
    ([field, value]) => JSON.stringify(value) !== JSON.stringify(before[field as keyof EndpointEntries]),
  );
  return { ...now, ...Object.fromEntries(changed) };
}
