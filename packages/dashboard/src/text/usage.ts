import type { Usage } from "@mission-control/protocol";
import { text } from "./text.ts";

const COUNT = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });

const AMOUNT = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
/** What would be rounded to nothing. */
const SMALL_AMOUNT = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 2 });

/** What was used, in words: tokens in and out, and the cost. */
export function formatUsage({ inputTokens, outputTokens, cost }: Usage): string {
  const parts: string[] = [];
  if (inputTokens !== undefined) parts.push(text.usage.input(formatTokens(inputTokens)));
  if (outputTokens !== undefined) parts.push(text.usage.output(formatTokens(outputTokens)));
  if (cost) parts.push(formatCost(cost));
  return parts.join(" · ");
}

/** So many tokens, shortened: `1.2K`. */
export function formatTokens(tokens: number): string {
  return COUNT.format(tokens);
}

/** Money, in one way everywhere: `0.31 USD`, and less than a hundredth as `0.0012 USD`. */
export function formatCost({ amount, currency }: NonNullable<Usage["cost"]>): string {
  const format = amount > 0 && amount < 0.01 ? SMALL_AMOUNT : AMOUNT;
  return `${format.format(amount)} ${currency}`;
}
