/** The middle value; of an even number of values, the mean of the middle two. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("The median of no values was asked for.");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** Half the distance between the smallest and the largest value, as a part of the median (0.05 is ± 5 %). */
export function spread(values: readonly number[]): number {
  const middle = median(values);
  return middle === 0 ? 0 : (Math.max(...values) - Math.min(...values)) / 2 / middle;
}

/** The value below which `share` (0 to 1) of the values lie, by the nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError("A percentile of no values was asked for.");
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
}

/** `median ± spread` with the given formatting. */
export function withSpread(values: readonly number[], format: (value: number) => string): string {
  const text = format(median(values));
  return values.length < 2 ? text : `${text} ± ${Math.round(spread(values) * 100)} %`;
}

/** The median of one figure of several runs; NaN when there were none. */
export function medianOf<Run>(runs: readonly Run[] | undefined, figure: (run: Run) => number): number {
  return runs && runs.length > 0 ? median(runs.map(figure)) : Number.NaN;
}

export const count = (value: number): string => Math.round(value).toLocaleString("en-US");

/** A ratio, or a dash where there is nothing to compare with. */
export const ratio = (value: number): string =>
  Number.isNaN(value) ? "–" : `${value.toFixed(value < 10 ? 2 : 1)} ×`;

export const percent = (value: number): string => `${Math.round(value * 100)} %`;

/** Milliseconds with the precision that means something. */
export const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ms`;

/** Bytes as MB (10^6) or kB (10^3). */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
export const kilobytes = (bytes: number): string => `${(bytes / 1e3).toFixed(1)} kB`;
