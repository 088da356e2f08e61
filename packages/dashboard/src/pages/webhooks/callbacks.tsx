import { useEffect, useMemo, useState } from "react";
import { useMission } from "../../app/use-mission.ts";
import { webhooksText } from "../../text/webhooks-text.ts";
import { Chart } from "../../ui/chart.tsx";
import type { ChartSeries } from "../../ui/chart-props.ts";
import { Empty, Failure, Skeleton } from "../../ui/page-state.tsx";
import { Badge, type Tone } from "../../ui/state.tsx";
import styles from "../../ui/table.module.css";
import { type CallbackCounts, type CountSample, increases, readCallbackCounts } from "./callback-counts.ts";

const words = webhooksText.callbacks;

const POLL_MS = 5_000;
const KEPT = 720;

/** The results of callbacks, and how each is drawn and told. */
const RESULTS = [
  ["stored", "good"],
  ["duplicate", "idle"],
  ["unauthorized", "bad"],
  ["invalid", "bad"],
  ["not_found", "bad"],
  ["conflict", "attention"],
  ["too_large", "bad"],
  ["unsupported_type", "bad"],
  ["limited", "attention"],
  ["unavailable", "attention"],
  ["failed", "bad"],
  ["other", "bad"],
] as const satisfies readonly (readonly [string, Tone])[];

/** What agents' callbacks came to. */
export function Callbacks() {
  const { samples, error, retry } = useCallbackSamples();
  const latest = samples.at(-1)?.counts;
  return (
    <section className={styles.section} aria-labelledby="callbacks">
      <h2 id="callbacks">{words.title}</h2>
      <p className={styles.quiet}>{words.intro}</p>
      {error && !latest ? <Failure error={error} retry={retry} /> : null}
      {!latest && !error ? <Skeleton /> : null}
      {latest ? (
        <>
          <CallbackChart samples={samples} />
          <CallbackTable counts={latest} />
        </>
      ) : null}
    </section>
  );
}

/** Reads the server's counters while the page is open. */
function useCallbackSamples() {
  const { api } = useMission();
  const [samples, setSamples] = useState<readonly CountSample[]>([]);
  const [error, setError] = useState<Error | null>(null);
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another round reads at once
  useEffect(() => {
    const ended = new AbortController();
    const read = async () => {
      try {
        const response = await api.request({ method: "GET", path: "/metrics" }, ended.signal);
        const counts = readCallbackCounts(await response.text());
        setSamples((before) => [...before, { at: Date.now(), counts }].slice(-KEPT));
        setError(null);
      } catch (failure) {
        if (!ended.signal.aborted) setError(failure as Error);
      }
    };
    void read();
    const timer = setInterval(() => document.visibilityState === "visible" && void read(), POLL_MS);
    return () => {
      clearInterval(timer);
      ended.abort();
    };
  }, [api, round]);
  return { samples, error, retry: () => setRound(round + 1) };
}

function CallbackChart({ samples }: { samples: readonly CountSample[] }) {
  const { times, series, total } = useMemo(() => {
    const steps = increases(samples);
    const sum = (counts: CallbackCounts, wanted: (result: string) => boolean) =>
      Object.entries(counts).reduce((all, [result, count]) => all + (wanted(result) ? count : 0), 0);
    const refused = (result: string) => result !== "stored" && result !== "duplicate";
    const lines: ChartSeries[] = [
      {
        label: words.stored,
        color: "--good",
        kind: "line",
        values: steps.map(({ counts }) => counts.stored ?? 0),
      },
      {
        label: words.duplicate,
        color: "--idle",
        kind: "line",
        values: steps.map(({ counts }) => counts.duplicate ?? 0),
      },
      {
        label: words.refused,
        color: "--bad",
        kind: "line",
        values: steps.map(({ counts }) => sum(counts, refused)),
      },
    ];
    return {
      times: steps.map(({ at }) => at / 1_000),
      series: lines,
      total: steps.reduce((all, { counts }) => all + sum(counts, () => true), 0),
    };
  }, [samples]);
  return (
    <Chart
      title={words.chart}
      hint={words.chartHint}
      times={times}
      series={series}
      format={(value) => (Number.isInteger(value) ? String(value) : "")}
      summary={words.summary(total)}
      empty={words.quiet}
    />
  );
}

function CallbackTable({ counts }: { counts: CallbackCounts }) {
  const seen = RESULTS.filter(([result]) => result === "stored" || (counts[result] ?? 0) > 0);
  if (Object.values(counts).every((count) => count === 0)) {
    return (
      <Empty icon="webhooks" title={words.none}>
        <p>{words.noneHint}</p>
      </Empty>
    );
  }
  return (
    <div className={styles.frame}>
      <table className={styles.table}>
        <caption className="visually-hidden">{words.sinceStart}</caption>
        <thead>
          <tr>
            <th>{words.result}</th>
            <th className={styles.number}>{words.count}</th>
            <th>{words.meaning}</th>
          </tr>
        </thead>
        <tbody>
          {seen.map(([result, tone]) => (
            <tr key={result}>
              <th scope="row">
                <Badge tone={tone}>{webhooksText.callbackResult[result].name}</Badge>
              </th>
              <td className={styles.number}>{counts[result] ?? 0}</td>
              <td className={styles.quiet}>{webhooksText.callbackResult[result].meaning}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
