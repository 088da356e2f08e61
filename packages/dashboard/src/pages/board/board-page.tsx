import { DndContext, DragOverlay } from "@dnd-kit/core";
import type { TaskStatus, TaskSummary } from "@mission-control/protocol";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useRef, useState } from "react";
import { useLive, useLiveVersion, useMission } from "../../app/use-mission.ts";
import { ActionDialog, type AskedAction } from "../../tasks/action-dialog.tsx";
import { moveAction, type TaskAction } from "../../tasks/actions.ts";
import { BulkForm } from "../../tasks/bulk-form.tsx";
import { TaskForm } from "../../tasks/task-form.tsx";
import { text } from "../../text/text.ts";
import { Button } from "../../ui/button.tsx";
import { Empty, Failure, Skeleton } from "../../ui/page-state.tsx";
import styles from "./board.module.css";
import { BoardFilters } from "./board-filters.tsx";
import type { BoardSearch } from "./board-search.ts";
import { CardBody } from "./card.tsx";
import { useCardKeys } from "./card-keys.ts";
import { Column } from "./column.tsx";
import { arrange, COLUMNS, countsOf } from "./columns.ts";
import { columnUnder, dragAnnouncements, useBoardSensors } from "./dragging.ts";
import { isFolded, useColumnChoices } from "./folded-columns.ts";
import { SelectionBar } from "./selection-bar.tsx";
import { TaskPanel } from "./task-panel.tsx";
import { TaskTable } from "./task-table.tsx";
import { useBoardActions } from "./use-board-actions.ts";
import { useBoardTasks } from "./use-board-tasks.ts";
import { useSelection } from "./use-selection.ts";
import { useTaskCounts } from "./use-task-counts.ts";

/** All tasks by state; moving a card is acting on its task. */
export function BoardPage() {
  const search = useSearch({ from: "/board" });
  const navigate = useNavigate({ from: "/board" });
  const mission = useMission();
  const actions = useBoardActions();
  const version = useLiveVersion();
  const ready = useLive((live) => live.ready);
  const startFailure = useLive((live) => live.startFailure);
  const loads = useBoardTasks(search);
  const hasLetGo = useLive(({ tasks }) => tasks.hasLetGo);
  const counted = useTaskCounts(search, hasLetGo || loads.some(({ hasNextPage }) => hasNextPage));
  const [asked, setAsked] = useState<AskedAction | null>(null);
  const [dragged, setDragged] = useState<TaskSummary | null>(null);
  const sensors = useBoardSensors();
  useCardKeys();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the state of the stores
  const columns = useMemo(
    () => arrange(mission.tasks.all(), (id) => mission.pending.get(id), search),
    [mission, version, search],
  );
  const counts = useMemo(() => countsOf(columns), [columns]);
  const [choices, choose] = useColumnChoices();
  const listed = useRef(columns);
  listed.current = columns;
  const selection = useSelection(
    useCallback(() => COLUMNS.map((status) => listed.current[status].map(({ id }) => id)), []),
  );
  const selected = useMemo(
    () => COLUMNS.flatMap((status) => columns[status].filter(({ id }) => selection.ids.has(id))),
    [columns, selection.ids],
  );
  const change = useCallback(
    (changes: { [Key in keyof BoardSearch]?: BoardSearch[Key] | undefined }) => {
      void navigate({ search: (now) => ({ ...now, ...changes }) as BoardSearch, replace: "q" in changes });
    },
    [navigate],
  );
  const act = useCallback(
    (task: TaskSummary, action: TaskAction) => {
      if (action === "approve" || action === "cancel") void actions[action](task.id);
      else setAsked({ task, action });
    },
    [actions],
  );
  const answer = useCallback(
    (task: TaskSummary, optionId: string) => {
      if (task.waitingFor) void actions.answer(task.id, task.waitingFor.id, optionId);
    },
    [actions],
  );
  const closePanel = useCallback(
    () => change({ task: undefined, tab: undefined, entry: undefined }),
    [change],
  );
  const drop = (task: TaskSummary, to: TaskStatus) => {
    const action = moveAction(task.status, to);
    if (action) act(task, action);
    else if (task.status === to) mission.held.undo(task.id);
    else {
      mission.notices.error(text.board.cannotMove(text.status[task.status], text.status[to]));
    }
  };
  const failed = loads.find(({ error }) => error);
  const loading = !ready || loads.some(({ isLoading }) => isLoading);
  const empty = !loading && COLUMNS.every((status) => columns[status].length === 0);
  const filtered = Boolean(search.q || search.agent || search.tag);
  return (
    <div className={styles.split} data-panel={search.task !== undefined}>
      <div className={styles.page} aria-busy={loading}>
        <BoardFilters search={search} onChange={change} />
        {startFailure ? (
          <Failure error={startFailure} retry={() => mission.retryNow()} />
        ) : failed?.error ? (
          <Failure error={failed.error} retry={() => loads.forEach((load) => void load.refetch())} />
        ) : loading && mission.tasks.all().length === 0 ? (
          <Skeleton lines={8} />
        ) : empty && !filtered ? (
          <Empty icon="board" title={text.board.emptyTitle}>
            <p>{text.board.emptyHint}</p>
            <Button kind="primary" icon="plus" onClick={() => change({ create: "one" })}>
              {text.taskForm.create}
            </Button>
          </Empty>
        ) : search.view === "list" ? (
          <TaskTable
            columns={columns}
            loads={loads}
            counted={counted}
            open={search.task}
            selection={selection}
          />
        ) : (
          <DndContext
            sensors={sensors}
            collisionDetection={columnUnder}
            accessibility={{
              announcements: dragAnnouncements,
              screenReaderInstructions: text.board.dragHelp,
            }}
            onDragStart={({ active }) => setDragged(mission.tasks.get(String(active.id)) ?? null)}
            onDragCancel={() => setDragged(null)}
            onDragEnd={({ over }) => {
              setDragged(null);
              if (dragged && over) drop(dragged, over.id as TaskStatus);
            }}
          >
            <div className={styles.columns}>
              {COLUMNS.map((status, index) => (
                <Column
                  key={status}
                  status={status}
                  tasks={columns[status]}
                  more={loads[index]}
                  counted={counted}
                  dragged={dragged}
                  folded={isFolded(status, counts, choices)}
                  onFold={choose}
                  selected={selection.ids}
                  onAction={act}
                  onAnswer={answer}
                  onSelect={selection.toggle}
                />
              ))}
            </div>
            <DragOverlay dropAnimation={null}>
              {dragged ? (
                <div className={`${styles.card} ${styles.lifted}`}>
                  <CardBody task={dragged} />
                </div>
              ) : null}
            </DragOverlay>
          </DndContext>
        )}
        {selected.length > 0 ? <SelectionBar tasks={selected} onClear={selection.clear} /> : null}
        {asked ? <ActionDialog asked={asked} actions={actions} onClose={() => setAsked(null)} /> : null}
        {search.create === "one" ? (
          <TaskForm onClose={() => change({ create: undefined })} onBulk={() => change({ create: "many" })} />
        ) : null}
        {search.create === "many" ? (
          <BulkForm onClose={() => change({ create: undefined })} onOne={() => change({ create: "one" })} />
        ) : null}
      </div>
      {search.task === undefined ? null : (
        <TaskPanel key={search.task} taskId={search.task} onClose={closePanel} />
      )}
    </div>
  );
}
