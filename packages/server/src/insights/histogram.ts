import type { Spread } from "@mission-control/protocol";
import type { Bins } from "../store/insights.ts";

/**
 * Bins grow by the eighth root of 2: the middle of a bin is within 4.5 % of every duration in it. Two histograms add up
 * to that of both, which medians do not.
 */
const BINS_PER_DOUBLING = 8;

/** The bin of a duration in milliseconds; everything up to 1 ms is in the first. */
export function binOf(milliseconds: number): number {
  return milliseconds <= 1 ? 0 : Math.ceil(Math.log2(milliseconds) * BINS_PER_DOUBLING);
}

/** The geometric middle of a bin. */
function middleOf(bin: number): number {
  return bin === 0 ? 1 : 2 ** ((bin - 0.5) / BINS_PER_DOUBLING);
}

/** Median and ninetieth percentile by nearest rank, each within 5 %; null where nothing was measured. */
export function spreadOf(bins: Bins | undefined): Spread | null {
  const sorted = Object.entries(bins ?? {})
    .map(([bin, count]) => [Number(bin), count] as const)
    .sort(([a], [b]) => a - b);
  const count = sorted.reduce((sum, [, each]) => sum + each, 0);
  if (count === 0) return null;
  const quantile = (part: number) => {
    let rank = Math.ceil(count * part);
    for (const [bin, each] of sorted) {
      rank -= each;
      // Further digits would say nothing.
      if (rank <= 0) return Number(middleOf(bin).toPrecision(3));
    }
    return 0;
  };
  return { count, median: quantile(0.5), p90: quantile(0.9) };
}
