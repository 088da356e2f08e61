import type { CreateWebhook, NoticeKind, WebhookEndpointView } from "@mission-control/protocol";

/** When people are told, as it stands in the form; empty texts for what is not asked for. */
export interface RuleEntries {
  from: string;
  to: string;
  /** Of those times; those of whoever fills the form in where it is empty. */
  timeZone: string;
  digestMinutes: string;
  passes: readonly NoticeKind[];
}

export const NO_RULES: RuleEntries = { from: "", to: "", timeZone: "", digestMinutes: "", passes: [] };

/** What an endpoint says of them. */
export function ruleEntriesOf({ quiet, digestMinutes, passes }: WebhookEndpointView): RuleEntries {
  return { ...NO_RULES, ...quiet, digestMinutes: digestMinutes?.toString() ?? "", passes: passes ?? [] };
}

/** What a form comes to, for the call that adds an endpoint. */
export function rulesBody({
  from,
  to,
  timeZone,
  digestMinutes,
  passes,
}: RuleEntries): Partial<CreateWebhook> {
  const isQuiet = from !== "" && to !== "";
  const isHeld = isQuiet || digestMinutes !== "";
  return {
    ...(isQuiet ? { quiet: { from, to, timeZone: timeZone.trim() || localTimeZone() } } : {}),
    ...(digestMinutes === "" ? {} : { digestMinutes: Number(digestMinutes) }),
    ...(isHeld && passes.length > 0 ? { passes: [...passes] } : {}),
  };
}

/** The one of this browser. */
export function localTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}
