import type { InsightFigures, Spread } from "@mission-control/protocol";
import { formatDuration } from "../../text/duration.ts";
import { insightsText } from "../../text/insights-text.ts";
import { text } from "../../text/text.ts";
import { formatCost, formatTokens } from "../../text/usage.ts";

/** Attempts that failed, were refused or lost. One that was cancelled says nothing about its agent. */
export function failuresIn({ ended }: InsightFigures): number {
  return ended.failed + ended.rejected + ended.lost;
}

/** Whether anything was counted at all. */
export function isNothing(figures: InsightFigures): boolean {
  const { ended, inputTokens, outputTokens, costs, waited } = figures;
  const attempts = Object.values(ended).reduce((sum, count) => sum + count, 0);
  return attempts + inputTokens + outputTokens + costs.length === 0 && waited === null;
}

export function rateOf(figures: InsightFigures): string {
  const { completed } = figures.ended;
  const all = completed + failuresIn(figures);
  return all === 0 ? text.none : insightsText.percent(completed / all);
}

export function medianOf(spread: Spread | null): string {
  return spread === null ? text.none : formatDuration(spread.median);
}

export function tokensOf({ inputTokens, outputTokens }: InsightFigures): string {
  const tokens = inputTokens + outputTokens;
  return tokens === 0 ? text.none : formatTokens(tokens);
}

export function costOf({ costs }: InsightFigures): string {
  return costs.length === 0 ? text.none : costs.map(formatCost).join(" + ");
}
