import type { TaskView } from "@mission-control/protocol";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { ApiError } from "../../api/api-error.ts";
import { isPageKey } from "../../app/shortcuts.ts";
import { useLive, useMission } from "../../app/use-mission.ts";
import { ActionDialog } from "../../tasks/action-dialog.tsx";
import { allowedActions, type TaskAction } from "../../tasks/actions.ts";
import { useTask } from "../../tasks/use-task.ts";
import { useTaskActions } from "../../tasks/use-task-actions.ts";
import { text } from "../../text/text.ts";
import { Foreign } from "../../ui/foreign.tsx";
import { Markdown } from "../../ui/markdown.tsx";
import { Empty, Failure, Skeleton } from "../../ui/page-state.tsx";
import { ProgressBar } from "../../ui/state.tsx";
import { ApiCalls } from "./api-calls.tsx";
import { AttemptRecords } from "./attempt-records.tsx";
import { Outcome } from "./outcome.tsx";
import { PermissionCard } from "./permission-card.tsx";
import { SilenceCard } from "./silence-card.tsx";
import { StatusLine } from "./status-line.tsx";
import styles from "./task.module.css";
import { TaskButtons } from "./task-buttons.tsx";
import { TaskFacts } from "./task-facts.tsx";
import { TaskTabs } from "./task-tabs.tsx";
import { Timeline } from "./timeline.tsx";
import { useTaskRefresh } from "./use-task-refresh.ts";

const ACTION_KEYS: Record<string, TaskAction> = { d: "dispatch", x: "cancel", e: "edit" };

/** One task: what it is, what became of it, and what can be done with it. */
export function TaskPage() {
  const { taskId } = useParams({ from: "/tasks/$taskId" });
  return <TaskDetail taskId={taskId} />;
}

/** A task, on its page or in a panel. */
export function TaskDetail({ taskId }: { taskId: string }) {
  const task = useTask(taskId);
  const deleted = useLive(({ tasks }) => tasks.isDeleted(taskId));
  useTaskRefresh(taskId);
  if (deleted || (task.error instanceof ApiError && task.error.status === 404)) {
    return (
      <div className={styles.page}>
        <Empty icon="trash" heading="h1" title={deleted ? text.task.deleted : text.task.unknown}>
          <Link to="/board" className={styles.link}>
            {text.task.toBoard}
          </Link>
        </Empty>
        <Timeline taskId={taskId} attempts={task.data?.attempts ?? []} />
      </div>
    );
  }
  if (task.data) return <Loaded key={taskId} detail={task.data} />;
  if (task.error) return <Failure error={task.error} retry={() => void task.refetch()} />;
  return <Skeleton lines={8} />;
}

function Loaded({ detail }: { detail: TaskView }) {
  const mission = useMission();
  const actions = useTaskActions();
  const navigate = useNavigate();
  const [asked, setAsked] = useState<TaskAction | null>(null);
  const live = useLive(({ tasks }) => tasks.get(detail.id));
  const pending = useLive((state) => state.pending.get(detail.id));
  // The detail has the long texts and the attempts; the log is ahead of it where something just moved.
  const task = live
    ? {
        ...detail,
        status: live.status,
        progress: live.progress,
        message: live.message,
        silence: live.silence,
        unknownReason: live.unknownReason,
      }
    : detail;
  const waitingFor = live ? live.waitingFor : detail.waitingFor;
  useEffect(
    () => (mission.tasks.get(detail.id) === undefined ? mission.loader.load(detail.id) : undefined),
    [mission, detail.id],
  );
  const act = (action: TaskAction) => {
    if (action === "approve") void actions.approve(task.id);
    else setAsked(action);
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const action = ACTION_KEYS[event.key];
      if (!action || !isPageKey(event) || !allowedActions(task.status).includes(action)) return;
      event.preventDefault();
      setAsked(action);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [task.status]);
  return (
    <div className={styles.page}>
      <header className={styles.header}>
        <div className={styles.titles}>
          <h1>
            <Foreign max={500}>{task.title}</Foreign>
          </h1>
          <StatusLine task={task} pending={pending?.label} />
        </div>
        <TaskButtons task={task} disabled={pending !== undefined} onAct={act} />
      </header>
      {task.status === "in_progress" && task.progress !== undefined ? (
        <ProgressBar value={task.progress} label={text.progress} />
      ) : null}
      <SilenceCard task={task} actions={actions} disabled={pending !== undefined} />
      {waitingFor ? (
        <PermissionCard
          request={waitingFor}
          disabled={pending !== undefined}
          onAnswer={(optionId, values) => void actions.answer(task.id, waitingFor.id, optionId, values)}
        />
      ) : null}
      <div className={styles.columns}>
        <div className={styles.main}>
          <Outcome task={task} />
          <section aria-labelledby="description">
            <h2 id="description">{text.task.description}</h2>
            {task.description.trim() ? (
              <Markdown>{task.description}</Markdown>
            ) : (
              <p className={styles.quiet}>{text.task.noDescription}</p>
            )}
          </section>
          <TaskTabs task={task} />
        </div>
        <aside className={styles.side} aria-label={text.task.facts}>
          <TaskFacts task={task} />
          <AttemptRecords task={task} />
          <ApiCalls task={task} waitingFor={waitingFor} />
        </aside>
      </div>
      {asked ? (
        <ActionDialog
          asked={{ task, action: asked }}
          actions={actions}
          onClose={(done) => {
            setAsked(null);
            if (done && asked === "delete") void navigate({ to: "/board" });
          }}
        />
      ) : null}
    </div>
  );
}
