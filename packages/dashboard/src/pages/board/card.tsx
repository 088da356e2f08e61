import { useDraggable } from "@dnd-kit/core";
import type { TaskSummary } from "@mission-control/protocol";
import { Link } from "@tanstack/react-router";
import { type ComponentProps, memo, useState } from "react";
import { agentName } from "../../app/use-agents.ts";
import { useLive, useMission } from "../../app/use-mission.ts";
import { ACTION_ICON } from "../../tasks/action-icon.ts";
import { allowedActions, type TaskAction } from "../../tasks/actions.ts";
import { quickAnswers } from "../../tasks/quick-answers.ts";
import { SilenceWords } from "../../tasks/silence-words.tsx";
import { useRunningSince } from "../../tasks/use-running-since.ts";
import { boardText } from "../../text/board-text.ts";
import { plainLine } from "../../text/plain-line.ts";
import { text } from "../../text/text.ts";
import { visibleText } from "../../text/visible.ts";
import { Button } from "../../ui/button.tsx";
import { Foreign } from "../../ui/foreign.tsx";
import { Menu, type MenuEntry } from "../../ui/menu.tsx";
import { Badge, ProgressBar } from "../../ui/state.tsx";
import { Ago, Elapsed } from "../../ui/time.tsx";
import styles from "./board.module.css";

const TAGS_SHOWN = 3;

interface CardProps {
  task: TaskSummary;
  selected: boolean;
  onAction(task: TaskSummary, action: TaskAction): void;
  onAnswer(task: TaskSummary, optionId: string): void;
  onSelect(id: string, range: boolean): void;
}

/**
 * A task on the board: draggable, with its actions in a menu. One tab stop: Enter opens the task, Space picks it up,
 * `m` opens the menu, `x` selects it.
 */
export const Card = memo(function Card({ task, selected, onAction, onAnswer, onSelect }: CardProps) {
  const { attributes, listeners, setNodeRef, setActivatorNodeRef, isDragging } = useDraggable({
    id: task.id,
  });
  const [menu, setMenu] = useState(false);
  const pending = useLive((mission) => mission.pending.get(task.id));
  const entries: (MenuEntry | null)[] = allowedActions(task.status).map((action) => ({
    label: text.action[action],
    icon: ACTION_ICON[action],
    danger: action === "delete" || action === "cancel",
    onSelect: () => onAction(task, action),
  }));
  const answers = quickAnswers(task.waitingFor);
  if (answers.length > 0 && pending === undefined) {
    const asked = answers.map(({ optionId, name }) => ({
      label: name,
      icon: "check" as const,
      onSelect: () => onAnswer(task, optionId),
    }));
    entries.unshift(...asked, null);
  }
  return (
    <li
      ref={setNodeRef}
      className={styles.card}
      data-task={task.id}
      data-dragging={isDragging}
      data-pending={pending !== undefined}
      data-selected={selected}
      onPointerDown={(event) => listeners?.onPointerDown?.(event)}
      onTouchStart={(event) => listeners?.onTouchStart?.(event)}
      onClickCapture={(event) => {
        if (!event.shiftKey) return;
        event.preventDefault();
        event.stopPropagation();
        onSelect(task.id, true);
      }}
      onKeyDown={(event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || menu) return;
        if (event.key === "m") setMenu(true);
        else if (event.key.toLowerCase() === "x") onSelect(task.id, event.shiftKey);
        else return;
        event.preventDefault();
      }}
    >
      <CardBody
        task={task}
        pendingLabel={pending?.label}
        stop={{
          ref: setActivatorNodeRef,
          "aria-describedby": attributes["aria-describedby"],
          "aria-keyshortcuts": "m x Space",
          onKeyDown: (event) => listeners?.onKeyDown?.(event),
        }}
      />
      {answers.length > 0 ? (
        <div className={styles.answers}>
          {answers.map(({ optionId, name, kind }) => (
            <Button
              key={optionId}
              kind={kind?.startsWith("reject") ? "danger" : "primary"}
              tabIndex={-1}
              disabled={pending !== undefined}
              onClick={() => onAnswer(task, optionId)}
            >
              <Foreign max={40}>{name}</Foreign>
            </Button>
          ))}
        </div>
      ) : null}
      <div className={styles.cardTools} data-shown={menu || selected}>
        <input
          type="checkbox"
          tabIndex={-1}
          className={styles.check}
          aria-label={boardText.select(visibleText(task.title))}
          title={boardText.selectHint}
          checked={selected}
          onPointerDown={(event) => event.stopPropagation()}
          onChange={(event) => onSelect(task.id, (event.nativeEvent as MouseEvent).shiftKey)}
        />
        <Menu label={text.board.actionsOf(task.title)} entries={entries} open={menu} onOpenChange={setMenu} />
      </div>
    </li>
  );
});

interface CardBodyProps {
  task: TaskSummary;
  pendingLabel?: string | undefined;
  /** What makes the title the card's stop for the keyboard. */
  stop?: Pick<ComponentProps<"a">, "ref" | "aria-describedby" | "aria-keyshortcuts" | "onKeyDown">;
}

/** What a card tells: what, who, what was said last, how far, how long. */
export function CardBody({ task, pendingLabel, stop }: CardBodyProps) {
  const mission = useMission();
  const agent = useLive(() => (task.agentId ? agentName(mission, task.agentId) : undefined));
  const running = task.status === "in_progress";
  const ended = task.status === "completed" || task.status === "review";
  const words =
    task.status === "failed" ? task.error : ended ? plainLine(task.summary ?? task.message) : task.message;
  return (
    <>
      <Link
        from="/board"
        to="/board"
        search={({ entry: _, ...now }) => ({ ...now, task: task.id })}
        className={styles.cardTitle}
        draggable={false}
        {...stop}
      >
        <Foreign max={160}>{task.title}</Foreign>
      </Link>
      {words && task.status !== "pending" ? (
        <p className={styles.words} data-bad={task.status === "failed"}>
          <Foreign max={180}>{words}</Foreign>
        </p>
      ) : null}
      {task.unknownReason === undefined ? null : (
        <p className={styles.asks} title={task.unknownReason}>
          <Badge tone="attention">{text.dispatchState.unknown}</Badge>{" "}
          <Foreign max={120}>{task.unknownReason}</Foreign>
        </p>
      )}
      {task.silence ? (
        <p className={styles.asks}>
          <SilenceWords silence={task.silence} />
        </p>
      ) : null}
      {task.waitingFor ? (
        <p className={styles.asks}>
          <Badge tone="attention">{text.board.asks}</Badge>{" "}
          <Foreign max={120}>{task.waitingFor.title}</Foreign>
        </p>
      ) : null}
      {running && task.progress !== undefined ? (
        <ProgressBar value={task.progress} label={text.progress} />
      ) : null}
      <p className={styles.meta}>
        {pendingLabel ? <span className={styles.pendingWords}>{pendingLabel}</span> : null}
        {agent ? <Foreign max={40}>{agent}</Foreign> : null}
        {task.attempt > 1 ? <span>{text.board.attempt(task.attempt)}</span> : null}
        {task.priority === "urgent" || task.priority === "high" ? (
          <Badge tone={task.priority === "urgent" ? "bad" : "attention"}>
            {text.priority[task.priority]}
          </Badge>
        ) : null}
        {task.tags.slice(0, TAGS_SHOWN).map((tag) => (
          <Badge key={tag} tone="idle">
            {visibleText(tag)}
          </Badge>
        ))}
        {task.tags.length > TAGS_SHOWN ? <span>+{task.tags.length - TAGS_SHOWN}</span> : null}
        <span className={styles.when}>{running ? <Running task={task} /> : <Ago at={task.updatedAt} />}</span>
      </p>
    </>
  );
}

function Running({ task }: { task: TaskSummary }) {
  const since = useRunningSince(task);
  return since ? <Elapsed from={since} /> : null;
}
