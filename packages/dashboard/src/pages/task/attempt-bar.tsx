import type { DispatchView, LogEvent } from "@mission-control/protocol";
import { useMission } from "../../app/use-mission.ts";
import { formatDuration } from "../../text/duration.ts";
import { runText } from "../../text/run-text.ts";
import { useNow } from "../../ui/ticker.ts";
import styles from "./attempt-bar.module.css";
import { attemptSpans, type SpanKind, timeOf } from "./attempt-spans.ts";

const KINDS: readonly SpanKind[] = ["queued", "working", "waiting"];

/** Where an attempt's time went: a bar, and the sums in words. */
export function AttemptBar({ attempt, events }: { attempt: DispatchView; events: readonly LogEvent[] }) {
  const { clock } = useMission();
  const now = useNow() + (clock.estimate?.offset ?? 0);
  const spans = attemptSpans(attempt, events, now);
  const all = spans.reduce((sum, { from, to }) => sum + to - from, 0);
  return (
    <div className={styles.bar}>
      <div className={styles.spans} aria-hidden="true">
        {spans.map(({ kind, from, to }) => (
          <span
            key={from}
            className={styles[kind]}
            style={{ flexGrow: Math.max((to - from) / all, 0.004) }}
          />
        ))}
      </div>
      <ul className={styles.sums}>
        {KINDS.filter((kind) => kind !== "waiting" || timeOf(spans, kind) > 0).map((kind) => (
          <li key={kind}>
            <span className={`${styles.dot} ${styles[kind]}`} aria-hidden="true" />
            {runText.spans[kind]} {formatDuration(timeOf(spans, kind))}
          </li>
        ))}
      </ul>
    </div>
  );
}
