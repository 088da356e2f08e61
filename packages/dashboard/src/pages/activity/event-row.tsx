import { type MouseEvent, memo, type ReactNode } from "react";
import type { HeldEvent } from "../../store/held-event.ts";
import { describeEvent } from "../../text/describe-event.ts";
import { formatDuration } from "../../text/duration.ts";
import { text } from "../../text/text.ts";
import { Button } from "../../ui/button.tsx";
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
  answer(taskId: string, requestId: string, optionId: string): void;
}

/** An answer to what an agent asks. */
export interface Answer {
  requestId: string;
  optionId: string;
  name: string;
  denies: boolean;
}

interface EventRowProps {
  event: HeldEvent;
  /** The row it stands for, by its key; undefined for an earlier event of a row that is unfolded. */
  row: number | undefined;
  /** How many events the row stands for. */
  count: number;
  /** How long it took to hand the attempt over, in milliseconds, where the row is about that. */
  handedOverIn: number | null;
  /** The answers to offer, where it is a question that waits for one. */
  answers: readonly Answer[];
  unfolded: boolean;
  /** The names of its task and its agent, as far as they are known. */
  task: string | undefined;
  agent: string | undefined;
  top: number;
  height: number;
  selected: boolean;
  /** It has just come in. */
  fresh: boolean;
  /** Words somebody looks for. */
  sought: string | undefined;
  context: RowContext;
}

/** One line of the list: when, what, whose, by whom, and what was said. */
export const EventRow = memo(function EventRow(props: EventRowProps) {
  const { event, row, count, unfolded, task, agent, top, height, selected, fresh, sought, context } = props;
  const { handedOverIn, answers } = props;
  const unfold = event.type === "activity" ? text.activity.unfold : text.activity.unfoldSteps;
  return (
    <li
      className={styles.row}
      style={{ transform: `translateY(${top}px)`, height }}
      data-selected={selected}
      data-fresh={fresh}
      data-type={event.type}
    >
      <Line
        event={event}
        selected={selected}
        folded={row === undefined}
        task={task}
        agent={agent}
        sought={sought}
        words={
          handedOverIn === null
            ? describeEvent(event)
            : text.activity.handedOver(agent ?? event.agentId ?? "", formatDuration(handedOverIn))
        }
        context={context}
      >
        {answers.map(({ requestId, optionId, name, denies }) => (
          <Button
            key={optionId}
            kind={denies ? "danger" : "primary"}
            className={styles.answer}
            onClick={() => context.answer(event.taskId ?? "", requestId, optionId)}
          >
            <Foreign max={40}>{name}</Foreign>
          </Button>
        ))}
        {row !== undefined && count > 1 ? (
          <button
            type="button"
            className={styles.count}
            aria-expanded={unfolded}
            aria-label={unfold(count)}
            title={unfold(count)}
            onClick={() => context.unfold(row)}
          >
            {count}
          </button>
        ) : null}
      </Line>
    </li>
  );
});

interface LineProps {
  event: HeldEvent;
  selected: boolean;
  folded: boolean;
  task: string | undefined;
  agent: string | undefined;
  sought: string | undefined;
  words: string;
  context: RowContext;
  children: ReactNode;
}

function Line({ event, selected, folded, task, agent, sought, words, context, children }: LineProps) {
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
          {event.taskId ? (
            <Foreign max={120} mark={sought}>
              {task ?? event.taskId}
            </Foreign>
          ) : null}
        </span>
        <span className={styles.agent}>
          {event.agentId ? (
            <Foreign max={60} mark={sought}>
              {agent ?? event.agentId}
            </Foreign>
          ) : null}
        </span>
        <span className={styles.message}>
          {late ? <span className={styles.late}>{text.activity.late}</span> : null}
          <Foreign max={300} mark={sought}>
            {words}
          </Foreign>
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
