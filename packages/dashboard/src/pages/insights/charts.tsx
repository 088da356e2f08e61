import type { Insights } from "@mission-control/protocol";
import { useMemo } from "react";
import { formatDuration } from "../../text/duration.ts";
import { insightsText } from "../../text/insights-text.ts";
import { text } from "../../text/text.ts";
import { formatCost } from "../../text/usage.ts";
import { Chart } from "../../ui/chart.tsx";
import type { ChartSeries } from "../../ui/chart-props.ts";
import { costOf, failuresIn } from "./figures.ts";

/** What ended, how long it took and what it cost, over the time. */
export function Charts({ data: { series, total } }: { data: Insights }) {
  const times = useMemo(() => series.map(({ start }) => Date.parse(start) / 1_000), [series]);
  const ended = useMemo(
    (): ChartSeries[] => [
      {
        label: insightsText.completed,
        color: "--good",
        kind: "bars",
        // Stacked: the failed ones are drawn over the lower part.
        values: series.map((bucket) => bucket.ended.completed + failuresIn(bucket)),
      },
      { label: insightsText.failed, color: "--bad", kind: "bars", values: series.map(failuresIn) },
    ],
    [series],
  );
  const worked = useMemo(
    (): ChartSeries[] => [
      {
        label: insightsText.median,
        color: "--running",
        kind: "line",
        values: series.map((bucket) => bucket.worked?.median ?? null),
      },
      {
        label: insightsText.p90,
        color: "--attention",
        kind: "line",
        values: series.map((bucket) => bucket.worked?.p90 ?? null),
      },
    ],
    [series],
  );
  const currency = total.costs[0]?.currency;
  const spent = useMemo(
    (): ChartSeries[] => [
      {
        label: insightsText.cost,
        color: "--accent",
        kind: "bars",
        values: series.map(({ costs }) => costs.find((cost) => cost.currency === currency)?.amount ?? 0),
      },
    ],
    [series, currency],
  );
  const duration = (milliseconds: number | undefined) =>
    milliseconds === undefined ? text.none : formatDuration(milliseconds);
  return (
    <>
      <Chart
        title={insightsText.throughput}
        times={times}
        series={ended}
        format={(value) => (Number.isInteger(value) ? String(value) : "")}
        summary={insightsText.throughputSummary(total.ended.completed, failuresIn(total))}
        empty={insightsText.nothingEnded}
      />
      <Chart
        title={insightsText.duration}
        times={times}
        series={worked}
        format={formatDuration}
        summary={insightsText.durationSummary(duration(total.worked?.median), duration(total.worked?.p90))}
        empty={insightsText.nothingEnded}
      />
      <Chart
        title={currency === undefined ? insightsText.cost : insightsText.spent(currency)}
        times={times}
        series={spent}
        format={(amount) => (currency === undefined ? "" : formatCost({ amount, currency }))}
        summary={costOf(total)}
        empty={insightsText.nothingSpent}
      />
    </>
  );
}
