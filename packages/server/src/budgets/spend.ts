import { type BudgetLimit, budgetLimitNumber } from "@mission-control/protocol";
import { withoutResidue } from "../insights/report.ts";
import type { InsightCounts } from "../store/insights.ts";
import type { BudgetRecord } from "../store/records.ts";

/** What was used of a limit, of all that was counted. */
export interface Spend {
  /** In the limit's currency, or tokens. */
  spent: number;
  /** Attempts that ended and whose agents never told what is limited. */
  unknown: number;
  /** Money of other currencies. */
  otherCosts: { amount: number; currency: string }[];
}

/** What counts towards a limit. Pure. */
export function spendOf(limit: BudgetLimit, { used = {}, untold = {} }: InsightCounts): Spend {
  if ("tokens" in limit) {
    const spent = (used.inputTokens ?? 0) + (used.outputTokens ?? 0);
    return { spent, unknown: untold.tokens ?? 0, otherCosts: [] };
  }
  const costs = Object.entries(used.costs ?? {}).map(([currency, amount]) => ({
    amount: withoutResidue(amount),
    currency,
  }));
  return {
    spent: costs.find(({ currency }) => currency === limit.currency)?.amount ?? 0,
    unknown: untold.cost ?? 0,
    otherCosts: costs.filter(({ amount, currency }) => currency !== limit.currency && amount !== 0),
  };
}

/** Whether so many percent of a limit were used. */
export function isReached(limit: BudgetLimit, spent: number, percent: number): boolean {
  return spent >= withoutResidue((budgetLimitNumber(limit) * percent) / 100);
}

/** Whether a budget covers what an agent does for a task with these tags. */
export function covers(
  budget: Pick<BudgetRecord, "agentId" | "tag">,
  done: { agentId: string; tags: readonly string[] },
): boolean {
  if (budget.agentId !== undefined && budget.agentId !== done.agentId) return false;
  return budget.tag === undefined || done.tags.includes(budget.tag);
}
