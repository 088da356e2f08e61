import type { Usage } from "@mission-control/protocol";
import { text } from "./text.ts";

const COUNT = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });

const AMOUNT = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 4 });

/** What was used, in words: tokens in and out, and the cost. */
export function formatUsage({ inputTokens, outputTokens, cost }: Usage): string {
  const parts: string[] = [];
  if (inputTokens !== undefined) parts.push(text.usage.input(COUNT.format(inputTokens)));
  if (outputTokens !== undefined) parts.push(text.usage.output(COUNT.format(outputTokens)));
  if (cost) parts.push(`${AMOUNT.format(cost.amount)} ${cost.currency}`);
  return parts.join(" · ");
}
