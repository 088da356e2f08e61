import type { FailureReason } from "@mission-control/protocol";
import { Link } from "@tanstack/react-router";
import { insightsText } from "../../text/insights-text.ts";
import { Foreign } from "../../ui/foreign.tsx";
import styles from "./insights.module.css";

const REASONS_SHOWN = 10;

interface FailureReasonsProps {
  reasons: readonly FailureReason[];
  /** The agent that the page is narrowed to. */
  agent: string | undefined;
}

/** Why attempts failed, the most frequent reason first. */
export function FailureReasons({ reasons, agent }: FailureReasonsProps) {
  const most = reasons[0]?.count ?? 1;
  return (
    <section className={styles.box} aria-labelledby="reasons">
      <header className={styles.boxHead}>
        <h2 id="reasons">{insightsText.reasons}</h2>
        {reasons.length === 0 ? null : (
          <Link to="/" search={{ types: "error", ...(agent ? { agent } : {}) }} className={styles.link}>
            {insightsText.inActivity}
          </Link>
        )}
      </header>
      {reasons.length === 0 ? <p className={styles.noReasons}>{insightsText.noFailures}</p> : null}
      <ol>
        {reasons.slice(0, REASONS_SHOWN).map(({ reason, count, taskId }) => (
          <li key={reason} className={styles.reason}>
            {taskId === undefined ? (
              <span>{insightsText.otherReasons}</span>
            ) : (
              <Link to="/tasks/$taskId" params={{ taskId }} title={insightsText.lastFailure}>
                <Foreign max={140}>{reason}</Foreign>
              </Link>
            )}
            <span>{count}</span>
            <meter
              className={styles.meter}
              min={0}
              max={most}
              value={count}
              aria-label={insightsText.count(count)}
            />
          </li>
        ))}
      </ol>
    </section>
  );
}
