import type { Usage } from "@mission-control/protocol";

/**
 * Adds two usages. Costs add up only in one currency: where they differ, the later one's cost stands, since a
 * sum over currencies would be untrue.
 */
export function addUsage(before: Usage | undefined, later: Usage | undefined): Usage | undefined {
  if (!before || !later) return later ?? before;
  const sum: Usage = {};
  const inputTokens = addNumbers(before.inputTokens, later.inputTokens);
  const outputTokens = addNumbers(before.outputTokens, later.outputTokens);
  if (inputTokens !== undefined) sum.inputTokens = inputTokens;
  if (outputTokens !== undefined) sum.outputTokens = outputTokens;
  const cost = addCosts(before.cost, later.cost);
  if (cost) sum.cost = cost;
  return sum;
}

function addNumbers(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0);
}

function addCosts(before: Usage["cost"], later: Usage["cost"]): Usage["cost"] {
  if (!before || !later) return later ?? before;
  if (before.currency !== later.currency) return later;
  return { amount: before.amount + later.amount, currency: later.currency };
}
