import { useMemo } from "react";
import { useMission } from "../../app/use-mission.ts";
import { quantile } from "../../store/quantiles.ts";
import { insightsText } from "../../text/insights-text.ts";
import { Chart } from "../../ui/chart.tsx";
import { useNow } from "../../ui/ticker.ts";

/** Samples are drawn by groups of this many seconds. */
const GROUP_SECONDS = 5;

/** How long live events took from the server's commit to this very screen. */
export function LatencyChart() {
  const { latency } = useMission();
  const beat = Math.floor(useNow() / (GROUP_SECONDS * 1_000));
  // biome-ignore lint/correctness/useExhaustiveDependencies: the beat stands for what was measured since
  const { times, series, p50, p99 } = useMemo(() => {
    const groups = Map.groupBy(
      latency.samples,
      ({ at }) => Math.floor(at / 1_000 / GROUP_SECONDS) * GROUP_SECONDS,
    );
    const values = [...groups.values()].map((group) => group.map(({ milliseconds }) => milliseconds));
    return {
      times: [...groups.keys()],
      series: [
        {
          label: insightsText.median,
          color: "--running",
          kind: "line" as const,
          values: values.map((group) => quantile(group, 0.5)),
        },
        {
          label: insightsText.slowest,
          color: "--attention",
          kind: "line" as const,
          values: values.map((group) => Math.max(...group)),
        },
      ],
      p50: latency.quantile(0.5),
      p99: latency.quantile(0.99),
    };
  }, [latency, beat]);
  const error = latency.error;
  const words = p50 === null || p99 === null ? insightsText.noLatency : insightsText.latencySummary(p50, p99);
  return (
    <Chart
      title={insightsText.latency}
      hint={p50 === null ? undefined : error ? `${words} ${insightsText.clockError(error)}` : words}
      times={times}
      series={series}
      format={(value) => `${Math.round(value)} ms`}
      summary={words}
      empty={insightsText.noLatency}
    />
  );
}
