import { type MouseEvent, memo, type ReactNode } from "react";
import type { FeedRow } from "../../store/feed.ts";
import type { HeldEvent } from "../../store/held-event.ts";
import { describeEvent } from "../../text/describe-event.ts";
import { text } from "../../text/text.ts";
import { Foreign } from "../../ui/foreign.tsx";
import { EventGlyph } from "../../ui/icon.tsx";
import { ProgressBar } from "../../ui/state.tsx";
import { Clock } from "../../ui/time.tsx";
import styles from "./activity.module.css";

/** What a row needs beside its event. The same object while nothing of it changes. */
export interface RowContext {
  /** The address of the page with an event's panel open. */
  address(id: number): string;
  open(id: number): void;
  unfold(key: number): void;
}

interface EventRowProps {
  row: FeedRow;
  /** The names of its task and its agent, as far as they are known. */
  task: string | undefined;
  agent: string | undefined;
  top: number;
  height: number;
  selected: boolean;
  /** It has just come in. */
  fresh: boolean;
  /** The earlier events of a folded row, oldest first, while it is open. */
  members: readonly HeldEvent[] | undefined;
  context: RowContext;
}

/** One line of the list: when, what, whose, by whom, and what was said. */
export const EventRow = memo(function EventRow(props: EventRowProps) {
  const { row, task, agent, top, height, selected, fresh, members, context } = props;
  const names = { task, agent, context };
  return (
    <li
      className={styles.row}
      style={{ transform: `translateY(${top}px)`, height }}
      data-selected={selected}
      data-fresh={fresh}
    >
      <Line event={row.latest} selected={selected} {...names}>
        {row.count > 1 ? (
          <button
            type="button"
            className={styles.count}
            aria-expanded={members !== undefined}
            aria-label={text.activity.unfold(row.count)}
            title={text.activity.unfold(row.count)}
            onClick={() => context.unfold(row.key)}
          >
            {row.count}
          </button>
        ) : null}
      </Line>
      {members?.toReversed().map((event) => (
        <Line key={event.id} event={event} selected={false} folded {...names} />
      ))}
    </li>
  );
});

interface LineProps {
  event: HeldEvent;
  selected: boolean;
  folded?: boolean;
  task: string | undefined;
  agent: string | undefined;
  context: RowContext;
  children?: ReactNode;
}

function Line({ event, selected, folded, task, agent, context, children }: LineProps) {
  const late = event.data.late === true;
  // A plain link: the router's own costs too much for rows that come and go by the hundred.
  const open = (click: MouseEvent) => {
    if (click.button !== 0 || click.ctrlKey || click.metaKey || click.shiftKey || click.altKey) return;
    click.preventDefault();
    context.open(event.id);
  };
  return (
    <div className={styles.line} data-folded={folded}>
      <a
        href={context.address(event.id)}
        onClick={open}
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
          {event.taskId ? <Foreign max={120}>{task ?? event.taskId}</Foreign> : null}
        </span>
        <span className={styles.agent}>
          {event.agentId ? <Foreign max={60}>{agent ?? event.agentId}</Foreign> : null}
        </span>
        <span className={styles.message}>
          {late ? <span className={styles.late}>{text.activity.late}</span> : null}
          <Foreign max={300}>{describeEvent(event)}</Foreign>
        </span>
      </a>
      {event.progress === undefined ? null : (
        <span className={styles.progress}>
          <ProgressBar value={event.progress} label={text.progress} />
        </span>
      )}
      {children}
    </div>
  );
}
