import {
  type BudgetCrossing,
  type BudgetLimit,
  budgetAmountText,
  budgetLimitNumber,
  type NewEvent,
} from "@mission-control/protocol";
import type { BudgetRecord } from "../store/records.ts";
import type { Reached } from "./watch.ts";

/** The event that an operator has made, changed or removed a budget. */
export function budgetEvent(
  { id, name, agentId }: BudgetRecord,
  change: "created" | "edited" | "deleted",
  now: string,
): NewEvent {
  return {
    type: "budget",
    ...(agentId === undefined ? {} : { agentId }),
    message: name,
    data: { change, budgetId: id },
    timestamp: now,
    receivedAt: now,
  };
}

/** The event that a share of a budget was reached. */
export function reachedEvent(
  budget: BudgetRecord,
  { threshold, in: period }: Reached,
  now: string,
): NewEvent {
  const { id, name, limit, period: length, timeZone, agentId, tag, refuses } = budget;
  const data = {
    change: "reached",
    budgetId: id,
    name,
    threshold,
    spent: period.spent,
    limit,
    period: length,
    timeZone,
    periodStart: new Date(period.from).toISOString(),
    periodEnd: new Date(period.to).toISOString(),
    refuses,
    ...(agentId === undefined ? {} : { agentId }),
    ...(tag === undefined ? {} : { tag }),
  } satisfies BudgetCrossing;
  const spent = budgetAmountText(period.spent, limit);
  const message =
    threshold === 100
      ? `${name}: ${limitText(budget)} is used up (${spent} spent)`
      : `${name}: ${threshold} % of ${limitText(budget)} is spent (${spent})`;
  return {
    type: "budget",
    ...(agentId === undefined ? {} : { agentId }),
    message,
    data,
    timestamp: now,
    receivedAt: now,
  };
}

/** Why nothing new is begun that a budget covers. @param periodEnd ISO 8601 UTC */
export function usedUpText(budget: BudgetRecord, spent: number, periodEnd: string): string {
  const used = `The budget "${budget.name}" of ${limitText(budget)} is used up: ${budgetAmountText(spent, budget.limit)} spent`;
  return `${used}. It begins anew at ${periodEnd}; to dispatch before, raise its limit or let it refuse nothing.`;
}

function limitText({ limit, period }: { limit: BudgetLimit; period: string }): string {
  return `${budgetAmountText(budgetLimitNumber(limit), limit)} a ${period}`;
}
