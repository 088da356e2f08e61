import { Link, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { useLive, useMission } from "../../app/use-mission.ts";
import {
  type AttemptStory,
  durationOf,
  failureReasons,
  intoBuckets,
} from "../../insights/attempt-history.ts";
import { useAttemptStories } from "../../insights/use-attempt-stories.ts";
import { quantile } from "../../store/quantiles.ts";
import { formatDuration } from "../../text/duration.ts";
import { text } from "../../text/text.ts";
import { Chart } from "../../ui/chart.tsx";
import { Foreign } from "../../ui/foreign.tsx";
import { Failure, Skeleton } from "../../ui/page-state.tsx";
import { useNow } from "../../ui/ticker.ts";
import { Moment } from "../../ui/time.tsx";
import styles from "./insights.module.css";
import { LatencyChart } from "./latency-chart.tsx";

const MINUTE = 60_000;
const RANGES = {
  "1h": { length: 60 * MINUTE, bucket: 2 * MINUTE },
  "24h": { length: 24 * 60 * MINUTE, bucket: 30 * MINUTE },
  "7d": { length: 7 * 24 * 60 * MINUTE, bucket: 4 * 60 * MINUTE },
} as const;
const REASONS_SHOWN = 8;

/** How much is done, how fast, and what goes wrong: read from the log. */
export function InsightsPage() {
  const { range = "24h" } = useSearch({ from: "/insights" });
  const { length, bucket } = RANGES[range];
  const { data, query } = useAttemptStories(length);
  const mission = useMission();
  const { clock } = mission;
  const startFailure = useLive((live) => live.startFailure);
  const offset = clock.estimate?.offset ?? 0;
  const to = (Math.floor(useNow() / MINUTE) + 1) * MINUTE + offset;
  const from = to - length;
  return (
    <div className={styles.page}>
      <nav className={styles.ranges} aria-label={text.insights.range}>
        {(Object.keys(RANGES) as (keyof typeof RANGES)[]).map((key) => (
          <Link
            key={key}
            to="/insights"
            search={key === "24h" ? {} : { range: key }}
            activeOptions={{ exact: true }}
          >
            {text.insights.ranges[key]}
          </Link>
        ))}
        {data && data.since > from + bucket ? (
          <span className={styles.quiet}>
            {text.insights.reaches} <Moment at={new Date(data.since).toISOString()} />
          </span>
        ) : null}
      </nav>
      {query.error && !data ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
      {startFailure ? <Failure error={startFailure} retry={() => mission.retryNow()} /> : null}
      {!data && !query.error && !startFailure ? <Skeleton lines={8} /> : null}
      {data ? <Charts stories={data.stories} from={from} to={to} bucket={bucket} /> : null}
    </div>
  );
}

interface ChartsProps {
  stories: readonly AttemptStory[];
  from: number;
  to: number;
  bucket: number;
}

function Charts({ stories, from, to, bucket }: ChartsProps) {
  const inRange = useMemo(
    () => stories.filter(({ endedAt }) => endedAt !== null && endedAt >= from),
    [stories, from],
  );
  const buckets = useMemo(() => intoBuckets(stories, from, to, bucket), [stories, from, to, bucket]);
  const times = useMemo(() => buckets.map(({ at }) => at / 1_000), [buckets]);
  const throughput = useMemo(
    () => [
      {
        label: text.insights.completed,
        color: "--good",
        kind: "bars" as const,
        // Stacked: the failed ones are drawn over the lower part.
        values: buckets.map(({ completed, failed }) => completed + failed),
      },
      {
        label: text.insights.failed,
        color: "--bad",
        kind: "bars" as const,
        values: buckets.map(({ failed }) => failed),
      },
    ],
    [buckets],
  );
  const durations = useMemo(
    () => [
      {
        label: text.insights.p50,
        color: "--running",
        kind: "line" as const,
        values: buckets.map(({ p50 }) => p50),
      },
      {
        label: text.insights.p95,
        color: "--attention",
        kind: "line" as const,
        values: buckets.map(({ p95 }) => p95),
      },
    ],
    [buckets],
  );
  const all = inRange.map(durationOf).filter((duration) => duration !== null);
  const completed = inRange.filter(({ outcome }) => outcome === "completed").length;
  const failed = inRange.filter(({ outcome }) => outcome !== "completed" && outcome !== "cancelled").length;
  const p50 = quantile(all, 0.5);
  const p95 = quantile(all, 0.95);
  return (
    <>
      <dl className={styles.figures}>
        <Figure name={text.insights.completed} value={String(completed)} />
        <Figure name={text.insights.failed} value={String(failed)} />
        <Figure name={text.insights.p50} value={p50 === null ? text.none : formatDuration(p50)} />
        <Figure name={text.insights.p95} value={p95 === null ? text.none : formatDuration(p95)} />
      </dl>
      <div className={styles.charts}>
        <Chart
          title={text.insights.throughput}
          times={times}
          series={throughput}
          format={(value) => (Number.isInteger(value) ? String(value) : "")}
          summary={text.insights.throughputSummary(completed, failed)}
          empty={text.insights.nothingEnded}
        />
        <Chart
          title={text.insights.duration}
          times={times}
          series={durations}
          format={formatDuration}
          summary={text.insights.durationSummary(
            p50 === null ? text.none : formatDuration(p50),
            p95 === null ? text.none : formatDuration(p95),
          )}
          empty={text.insights.nothingEnded}
        />
        <FailureReasons stories={inRange} />
        <LatencyChart />
      </div>
    </>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function FailureReasons({ stories }: { stories: readonly AttemptStory[] }) {
  const reasons = failureReasons(stories);
  const most = reasons[0]?.count ?? 1;
  return (
    <section className={styles.box} aria-labelledby="reasons">
      <h2 id="reasons">{text.insights.reasons}</h2>
      {reasons.length === 0 ? <p className={styles.noReasons}>{text.insights.noFailures}</p> : null}
      <ol>
        {reasons.slice(0, REASONS_SHOWN).map(({ reason, count, last }) => (
          <li key={reason} className={styles.reason}>
            <Link to="/tasks/$taskId" params={{ taskId: last.taskId }} title={text.insights.lastFailure}>
              <Foreign max={140}>{reason}</Foreign>
            </Link>
            <span>{count}</span>
            <meter
              className={styles.meter}
              min={0}
              max={most}
              value={count}
              aria-label={text.insights.count(count)}
            />
          </li>
        ))}
      </ol>
    </section>
  );
}
