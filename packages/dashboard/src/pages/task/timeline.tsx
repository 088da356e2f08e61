import type { DispatchView, LogEvent } from "@mission-control/protocol";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { ApiError } from "../../api/api-error.ts";
import { agentName } from "../../app/use-agents.ts";
import { useLive, useMission } from "../../app/use-mission.ts";
import { Feed, type FeedRow, handedOverIn } from "../../store/feed.ts";
import { hold } from "../../store/held-event.ts";
import { describeEvent } from "../../text/describe-event.ts";
import { formatDuration } from "../../text/duration.ts";
import { runText } from "../../text/run-text.ts";
import { text } from "../../text/text.ts";
import { formatUsage } from "../../text/usage.ts";
import { Button } from "../../ui/button.tsx";
import { Foreign } from "../../ui/foreign.tsx";
import { EventGlyph } from "../../ui/icon.tsx";
import { Markdown } from "../../ui/markdown.tsx";
import { Failure, Skeleton } from "../../ui/page-state.tsx";
import { AttemptState } from "../../ui/state.tsx";
import { Clock } from "../../ui/time.tsx";
import { AttemptBar } from "./attempt-bar.tsx";
import styles from "./timeline.module.css";
import { useTaskEvents } from "./use-task-events.ts";

/** Steps of an attempt drawn before somebody asks for all. */
const SHOWN = 60;
/** Reports drawn when a step is opened; Activity has all of them, however many. */
const REPORTS_SHOWN = 500;

interface Part {
  attempt: DispatchView | null;
  /** In log order. */
  events: readonly LogEvent[];
  rows: FeedRow[];
}

/** Everything that happened to a task, attempt by attempt, and how long each step took. */
export function Timeline({ taskId, attempts }: { taskId: string; attempts: readonly DispatchView[] }) {
  const { events, query } = useTaskEvents(taskId);
  const parts = useMemo(() => splitByAttempt(events, attempts), [events, attempts]);
  if (query.error && events.length === 0) {
    // The page has said already that there is no such task.
    if (query.error instanceof ApiError && query.error.status === 404) return null;
    return <Failure error={query.error} retry={() => void query.refetch()} />;
  }
  if (query.isLoading) return <Skeleton />;
  return (
    <section aria-label={text.timeline.title}>
      {query.hasNextPage ? (
        <Button kind="quiet" disabled={query.isFetching} onClick={() => void query.fetchNextPage()}>
          {text.timeline.more}
        </Button>
      ) : null}
      <ol className={styles.parts}>
        {parts.toReversed().map((part) => (
          <li key={part.attempt?.id ?? `before-${part.rows[0]?.key}`}>
            {part.attempt ? <AttemptHeader attempt={part.attempt} events={part.events} /> : null}
            <Steps
              rows={part.rows}
              result={resultOf(part, attempts)}
              // What goes on is read as it comes; what has ended, from its end.
              oldestFirst={part.attempt?.endedAt === null}
            />
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Events in log order, cut where another attempt begins. A late word of an earlier attempt goes to that attempt. */
function splitByAttempt(events: readonly LogEvent[], attempts: readonly DispatchView[]): Part[] {
  const groups = new Map<string, LogEvent[]>();
  let current = "";
  for (const event of events) {
    current = event.dispatchId ?? current;
    const group = groups.get(current);
    if (group) group.push(event);
    else groups.set(current, [event]);
  }
  return [...groups].map(([dispatchId, own]) => ({
    attempt: attempts.find(({ id }) => id === dispatchId) ?? null,
    events: own,
    rows: [
      ...new Feed(
        () => true,
        own.map((event) => hold({ ...event })),
      ).rows,
    ],
  }));
}

/** What an earlier attempt handed in; the last one's result stands above the timeline. */
function resultOf({ attempt }: Part, attempts: readonly DispatchView[]): string | undefined {
  return attempt === attempts.at(-1) ? undefined : attempt?.summary;
}

function AttemptHeader({ attempt, events }: { attempt: DispatchView; events: readonly LogEvent[] }) {
  const mission = useMission();
  const agent = useLive(() => agentName(mission, attempt.agentId));
  return (
    <header className={styles.attempt}>
      <h3>{text.timeline.attempt(attempt.attempt)}</h3>
      <AttemptState state={attempt.state} />
      <Link to="/agents" search={{ agent: attempt.agentId }} className={styles.agent}>
        <Foreign max={80}>{agent ?? attempt.agentId}</Foreign>
      </Link>
      {attempt.usage ? <span className={styles.spent}>{formatUsage(attempt.usage)}</span> : null}
      <AttemptBar attempt={attempt} events={events} />
      {attempt.feedback ? (
        <div className={styles.feedback}>
          <strong>{text.timeline.feedback}</strong>
          <Markdown>{attempt.feedback}</Markdown>
        </div>
      ) : null}
    </header>
  );
}

interface StepsProps {
  rows: readonly FeedRow[];
  result: string | undefined;
  oldestFirst: boolean;
}

function Steps({ rows, result, oldestFirst }: StepsProps) {
  const [all, setAll] = useState(false);
  const shown = all ? rows : rows.slice(-SHOWN);
  return (
    <ol className={styles.steps}>
      {(oldestFirst ? shown : shown.toReversed()).map((row) => (
        <Step key={row.key} row={row} before={rows[rows.indexOf(row) - 1]} result={result} />
      ))}
      {shown.length < rows.length ? (
        <li>
          <Button kind="quiet" onClick={() => setAll(true)}>
            {text.timeline.all(rows.length)}
          </Button>
        </li>
      ) : null}
    </ol>
  );
}

interface StepProps {
  row: FeedRow;
  before: FeedRow | undefined;
  /** What the attempt handed in, where that is shown nowhere else. */
  result: string | undefined;
}

function Step({ row, before, result }: StepProps) {
  const { latest, count } = row;
  // A late result is not the attempt's: what it said stands here alone.
  const handedIn = latest.type === "complete" && latest.data.late !== true;
  const [open, setOpen] = useState(false);
  const mission = useMission();
  const agent = useLive(() => latest.agentId && agentName(mission, latest.agentId));
  const took = handedOverIn(row);
  const since = before ? Date.parse(latest.receivedAt) - Date.parse(before.latest.receivedAt) : null;
  return (
    <li className={styles.step} data-type={latest.type}>
      <span className={styles.glyph}>
        <EventGlyph type={latest.type} late={latest.data.late === true} />
      </span>
      <div className={styles.what}>
        <p>
          <span className={styles.type}>{text.eventType[latest.type]}</span>{" "}
          {latest.data.late === true ? <span className={styles.late}>{text.activity.late}</span> : null}{" "}
          {handedIn ? (
            text.timeline.result
          ) : (
            <Foreign max={400}>
              {took === null
                ? describeEvent(latest)
                : text.activity.handedOver(agent || (latest.agentId ?? ""), formatDuration(took))}
            </Foreign>
          )}
          {count > 1 ? (
            <button
              type="button"
              className={styles.count}
              aria-expanded={open}
              onClick={() => setOpen(!open)}
            >
              {latest.type === "activity" ? text.timeline.times(count) : runText.details}
            </button>
          ) : null}
        </p>
        {open ? <Reports row={row} /> : null}
        {handedIn && result ? (
          <details className={styles.result}>
            <summary>{text.timeline.showResult}</summary>
            <Markdown>{result}</Markdown>
          </details>
        ) : null}
        {latest.lastState ? (
          <p className={styles.quiet}>
            {text.eventPanel.lastState}: <Foreign max={400}>{latest.lastState}</Foreign>
          </p>
        ) : null}
      </div>
      <span className={styles.since}>{since === null ? "" : `+${formatDuration(since)}`}</span>
      <span className={styles.at}>
        <Clock at={latest.receivedAt} />
      </span>
    </li>
  );
}

/** What an attempt reported before its latest word, newest first. */
function Reports({ row }: { row: FeedRow }) {
  const earlier = row.events.slice(0, row.count).filter((event) => event !== row.latest);
  const shown = earlier.slice(-REPORTS_SHOWN).toReversed();
  return (
    <ol className={styles.reports}>
      {shown.map((event) => (
        <li key={event.id}>
          <span>
            <Foreign max={400}>{describeEvent(event)}</Foreign>
          </span>
          <span className={styles.at}>
            <Clock at={event.receivedAt} />
          </span>
        </li>
      ))}
      {shown.length < earlier.length ? (
        <li>
          <Link to="/" search={{ task: row.latest.taskId ?? "", types: "activity" }} className={styles.agent}>
            {text.timeline.earlier(earlier.length - shown.length)}
          </Link>
        </li>
      ) : null}
    </ol>
  );
}
