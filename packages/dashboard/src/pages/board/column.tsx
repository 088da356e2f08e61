import { useDroppable } from "@dnd-kit/core";
import type { TaskCountsView, TaskStatus, TaskSummary } from "@mission-control/protocol";
import { useState } from "react";
import { useLive } from "../../app/use-mission.ts";
import { moveAction, type TaskAction } from "../../tasks/actions.ts";
import { boardText } from "../../text/board-text.ts";
import { text } from "../../text/text.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { TaskState } from "../../ui/state.tsx";
import styles from "./board.module.css";
import { Card } from "./card.tsx";
import type { ColumnLoad } from "./use-board-tasks.ts";
import { countOf } from "./use-task-counts.ts";

/** Cards drawn in a column before somebody asks for more. */
const STEP = 100;

interface ColumnProps {
  status: TaskStatus;
  tasks: readonly TaskSummary[];
  more: ColumnLoad | undefined;
  /** What the server counted; undefined while that is not known. */
  counted: TaskCountsView | undefined;
  dragged: TaskSummary | null;
  folded: boolean;
  onFold(status: TaskStatus, choice: "open" | "folded"): void;
  selected: ReadonlySet<string>;
  onAction(task: TaskSummary, action: TaskAction): void;
  onAnswer(task: TaskSummary, optionId: string): void;
  onSelect(id: string, range: boolean): void;
}

/** One state and the tasks in it. */
export function Column(props: ColumnProps) {
  const { status, tasks, more, counted, dragged, folded, onFold, selected, onAction, onAnswer, onSelect } =
    props;
  const { setNodeRef, isOver } = useDroppable({ id: status });
  const [limit, setLimit] = useState(STEP);
  const hasLetGo = useLive(({ tasks }) => tasks.hasLetGo);
  const action = dragged ? moveAction(dragged.status, status) : null;
  const hidden = tasks.length - limit;
  const canLoad = hidden > 0 || more?.hasNextPage;
  const number = countOf(status, tasks.length, !more?.hasNextPage && !hasLetGo, counted);
  if (folded) {
    return (
      <section
        ref={setNodeRef}
        className={`${styles.column} ${styles.strip}`}
        aria-label={text.status[status]}
        data-status={status}
        data-folded="true"
        data-target={action !== null}
        data-over={isOver && action !== null}
      >
        <button
          type="button"
          className={styles.unfold}
          aria-expanded={false}
          title={boardText.unfold(text.status[status])}
          onClick={() => onFold(status, "open")}
        >
          <span className={styles.number}>{number}</span>
          <span className={styles.stripName}>
            <TaskState status={status} />
          </span>
        </button>
      </section>
    );
  }
  return (
    <section
      ref={setNodeRef}
      className={styles.column}
      aria-label={text.status[status]}
      data-status={status}
      data-target={action !== null}
      data-over={isOver && action !== null}
    >
      <header className={styles.columnHeader}>
        <h2>
          <TaskState status={status} />
        </h2>
        <span className={styles.number}>{number}</span>
        {isOver && action ? <span className={styles.dropHint}>{text.action[action]}</span> : null}
        <IconButton
          icon="collapse"
          label={boardText.fold(text.status[status])}
          className={styles.fold}
          onClick={() => onFold(status, "folded")}
        />
      </header>
      <ol className={styles.cards}>
        {tasks.slice(0, limit).map((task) => (
          <Card
            key={task.id}
            task={task}
            selected={selected.has(task.id)}
            onAction={onAction}
            onAnswer={onAnswer}
            onSelect={onSelect}
          />
        ))}
        {tasks.length === 0 ? <li className={styles.none}>{text.board.none}</li> : null}
        {canLoad ? (
          <li>
            <Button
              kind="quiet"
              disabled={more?.isFetchingNextPage}
              onClick={() => {
                setLimit(limit + STEP);
                if (hidden <= STEP && more?.hasNextPage) void more.fetchNextPage();
              }}
            >
              {text.board.more}
            </Button>
          </li>
        ) : null}
      </ol>
    </section>
  );
}
