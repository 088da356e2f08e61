import type { ReactNode } from "react";

/** One line or one set of bars. `values` belong to the chart's times, null where there is none. */
export interface ChartSeries {
  label: string;
  /** A colour token of the theme, such as `--good`. */
  color: string;
  kind: "line" | "bars";
  values: readonly (number | null)[];
}

export interface ChartProps {
  title: string;
  hint?: ReactNode;
  /** Seconds since 1970, rising. */
  times: readonly number[];
  series: readonly ChartSeries[];
  format(value: number): string;
  /** What the chart says, in words, for whoever cannot see it. */
  summary: string;
  /** Said instead of a chart without data. */
  empty: string;
}
