import { Link } from "@tanstack/react-router";
import { memo } from "react";
import { agentName } from "../../app/use-agents.ts";
import { useLive, useMission } from "../../app/use-mission.ts";
import type { FeedRow } from "../../store/feed.ts";
import type { HeldEvent } from "../../store/held-event.ts";
import { describeEvent } from "../../text/describe-event.ts";
import { text } from "../../text/text.ts";
import { Foreign } from "../../ui/foreign.tsx";
import { EventGlyph } from "../../ui/icon.tsx";
import { ProgressBar } from "../../ui/state.tsx";
import { Clock } from "../../ui/time.tsx";
import { useTaskTitle } from "../../ui/use-task-title.ts";
import styles from "./activity.module.css";

interface EventRowProps {
  row: FeedRow;
  top: number;
  height: number;
  selected: boolean;
  /** The earlier events of a folded row, oldest first, while it is open. */
  members: readonly HeldEvent[] | undefined;
  onUnfold(key: number): void;
}

/** One line of the list: when, what, whose, by whom, and what was said. */
export const EventRow = memo(function EventRow({
  row,
  top,
  height,
  selected,
  members,
  onUnfold,
}: EventRowProps) {
  return (
    <li className={styles.row} style={{ transform: `translateY(${top}px)`, height }} data-selected={selected}>
      <Line event={row.latest} selected={selected}>
        {row.count > 1 ? (
          <button
            type="button"
            className={styles.count}
            aria-expanded={members !== undefined}
            aria-label={text.activity.unfold(row.count)}
            title={text.activity.unfold(row.count)}
            onClick={() => onUnfold(row.key)}
          >
            {row.count}
          </button>
        ) : null}
      </Line>
      {members?.toReversed().map((event) => (
        <Line key={event.id} event={event} selected={false} folded />
      ))}
    </li>
  );
});

interface LineProps {
  event: HeldEvent;
  selected: boolean;
  folded?: boolean;
  children?: React.ReactNode;
}

function Line({ event, selected, folded, children }: LineProps) {
  const mission = useMission();
  const title = useTaskTitle(event.taskId);
  const agent = useLive(() => (event.agentId ? agentName(mission, event.agentId) : undefined));
  const late = event.data.late === true;
  return (
    <div className={styles.line} data-folded={folded}>
      <Link
        to="/"
        search={(now) => ({ ...now, event: event.id })}
        className={styles.open}
        data-row={event.id}
        aria-current={selected ? "true" : undefined}
      >
        <span className={styles.time}>
          <Clock at={event.receivedAt} />
        </span>
        <span className={`${styles.glyph} ${styles[`tone-${event.type}`]}`}>
          <EventGlyph type={event.type} late={late} />
          <span className="visually-hidden">{text.eventType[event.type]}</span>
        </span>
        <span className={styles.task}>
          {event.taskId ? <Foreign max={120}>{title ?? event.taskId}</Foreign> : null}
        </span>
        <span className={styles.agent}>
          {event.agentId ? <Foreign max={60}>{agent ?? event.agentId}</Foreign> : null}
        </span>
        <span className={styles.message}>
          {late ? <span className={styles.late}>{text.activity.late}</span> : null}
          <Foreign max={300}>{describeEvent(event)}</Foreign>
        </span>
      </Link>
      {event.progress === undefined ? null : (
        <span className={styles.progress}>
          <ProgressBar value={event.progress} label={text.progress} />
        </span>
      )}
      {children}
    </div>
  );
}
