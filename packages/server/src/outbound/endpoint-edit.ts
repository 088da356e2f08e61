import type { PatchWebhook } from "@mission-control/protocol";
import type { NoticeRules, WebhookRecord } from "../store/records.ts";
import { listFilters } from "./endpoint-filters.ts";

type Fields = Omit<PatchWebhook, "enabled" | "url"> & { url: string | undefined };

/** The record with the fields that are given; a filter, a rule, a description or answers that are null go. */
export function edited(record: WebhookRecord, given: Fields): WebhookRecord {
  const { botToken, appToken, quiet, digestMinutes, passes, agentId, agentIds, tag, tags, ...fields } = given;
  const {
    tokens,
    rules,
    answersError: _,
    agentId: __,
    agentIds: ___,
    tag: ____,
    tags: _____,
    ...others
  } = record;
  const after: Record<string, unknown> = { ...others };
  for (const [field, value] of Object.entries(fields)) {
    if (value === null) delete after[field];
    else if (value !== undefined) after[field] = value;
  }
  const format = fields.format ?? record.format;
  return {
    ...(after as unknown as WebhookRecord),
    ...listFilters(record, { agentId, agentIds, tag, tags }),
    ...tokensOf(format, tokens, { botToken, appToken }),
    ...rulesOf(rules ?? {}, { quiet, digestMinutes, passes }),
  };
}

/** The tokens of an app of Slack, with those that are given in place of those there were; no other format has any. */
export function tokensOf(
  format: WebhookRecord["format"],
  before: WebhookRecord["tokens"],
  { botToken, appToken }: Pick<PatchWebhook, "botToken" | "appToken">,
): Pick<WebhookRecord, "tokens"> {
  const bot = botToken ?? before?.bot;
  const app = appToken ?? before?.app;
  if (format !== "slack_app" || bot === undefined) return {};
  return { tokens: { bot, ...(app === undefined ? {} : { app }) } };
}

/** The rules with what is given in place of what there was; one that is null goes. Absent where none is left. */
export function rulesOf(
  before: NoticeRules,
  given: Pick<PatchWebhook, "quiet" | "digestMinutes" | "passes">,
): Pick<WebhookRecord, "rules"> {
  const quiet = given.quiet === undefined ? before.quiet : given.quiet;
  const digestMinutes = given.digestMinutes === undefined ? before.digestMinutes : given.digestMinutes;
  const passes = given.passes === undefined ? before.passes : given.passes;
  const rules: NoticeRules = {
    ...(quiet ? { quiet } : {}),
    ...(digestMinutes ? { digestMinutes } : {}),
    ...(passes ? { passes } : {}),
  };
  return Object.keys(rules).length > 0 ? { rules } : {};
}
