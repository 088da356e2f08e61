import type { BudgetLimit, BudgetPeriod, BudgetView } from "@mission-control/protocol";
import { formatCost, formatTokens } from "../../../text/usage.ts";

/** A budget as it stands in a form. Empty for none. */
export interface BudgetEntries {
  name: string;
  kind: "money" | "tokens";
  amount: string;
  currency: string;
  period: BudgetPeriod;
  timeZone: string;
  agentId: string;
  tag: string;
  refuses: boolean;
}

export function newEntries(): BudgetEntries {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const fields = { name: "", amount: "", currency: "USD", agentId: "", tag: "" };
  return { ...fields, kind: "money", period: "day", timeZone, refuses: false };
}

export function entriesOf(budget: BudgetView): BudgetEntries {
  const { name, limit, period, timeZone, agentId = "", tag = "", refuses } = budget;
  const measure =
    "tokens" in limit
      ? ({ kind: "tokens", amount: String(limit.tokens), currency: "USD" } as const)
      : ({ kind: "money", amount: String(limit.amount), currency: limit.currency } as const);
  return { name, ...measure, period, timeZone, agentId, tag, refuses };
}

/** The body that makes, or edits, a budget. @param empty what stands for no agent or tag: nothing, or null to take it away */
export function bodyOf(entries: BudgetEntries, empty: undefined | null): object {
  const { name, kind, amount, currency, period, timeZone, agentId, tag, refuses } = entries;
  const limit: BudgetLimit =
    kind === "tokens" ? { tokens: Number(amount) } : { amount: Number(amount), currency: currency.trim() };
  const scope = { agentId: agentId || empty, tag: tag.trim() || empty };
  return { name: name.trim(), limit, period, timeZone: timeZone.trim(), ...scope, refuses };
}

/** How much of the limit is spent: 1 is all of it. */
export function shareOf({ spent, limit }: Pick<BudgetView, "spent" | "limit">): number {
  return spent / ("tokens" in limit ? limit.tokens : limit.amount);
}

/** So much of what a limit is in. */
export function amountText(amount: number, limit: BudgetLimit): string {
  return "tokens" in limit ? formatTokens(amount) : formatCost({ amount, currency: limit.currency });
}
