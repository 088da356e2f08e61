import type { TaskCountsView, TaskStatus, TaskSummary } from "@mission-control/protocol";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { isPageKey } from "../../app/shortcuts.ts";
import { agentName } from "../../app/use-agents.ts";
import { useLive, useMission } from "../../app/use-mission.ts";
import { boardText } from "../../text/board-text.ts";
import { plainLine } from "../../text/plain-line.ts";
import { text } from "../../text/text.ts";
import { visibleText } from "../../text/visible.ts";
import { Button } from "../../ui/button.tsx";
import { Foreign } from "../../ui/foreign.tsx";
import { Badge, TaskState } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";
import { COLUMNS } from "./columns.ts";
import styles from "./task-table.module.css";
import type { ColumnLoad } from "./use-board-tasks.ts";
import type { Selection } from "./use-selection.ts";
import { countOf } from "./use-task-counts.ts";

/** Rows of a state drawn before somebody asks for more. */
const STEP = 100;

interface TaskTableProps {
  columns: Readonly<Record<TaskStatus, readonly TaskSummary[]>>;
  loads: readonly ColumnLoad[];
  /** What the server counted; undefined while that is not known. */
  counted: TaskCountsView | undefined;
  /** The task whose panel is open. */
  open: string | undefined;
  selection: Selection;
}

/** The board as a dense list: what is under way first, then what waits, then what has ended. */
export function TaskTable({ columns, loads, counted, open, selection }: TaskTableProps) {
  useRowKeys();
  return (
    <div className={styles.frame}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th>
              <span className="visually-hidden">{boardText.selectAll}</span>
            </th>
            <th>{boardText.column.title}</th>
            <th className={styles.agent}>{boardText.column.agent}</th>
            <th className={styles.minor}>{boardText.column.tags}</th>
            <th className={styles.minor}>{boardText.column.last}</th>
            <th>{boardText.column.updated}</th>
          </tr>
        </thead>
        {ORDER.map((status) => (
          <Group
            key={status}
            status={status}
            tasks={columns[status]}
            load={loads[COLUMNS.indexOf(status)]}
            counted={counted}
            open={open}
            selection={selection}
          />
        ))}
      </table>
    </div>
  );
}

const ORDER = ["review", "in_progress", "queued", "pending", "failed", "completed", "cancelled"] as const;

interface GroupProps {
  status: TaskStatus;
  tasks: readonly TaskSummary[];
  load: ColumnLoad | undefined;
  counted: TaskCountsView | undefined;
  open: string | undefined;
  selection: Selection;
}

function Group({ status, tasks, load, counted, open, selection }: GroupProps) {
  const [limit, setLimit] = useState(STEP);
  const hasLetGo = useLive(({ tasks }) => tasks.hasLetGo);
  if (tasks.length === 0) return null;
  const number = countOf(status, tasks.length, !load?.hasNextPage && !hasLetGo, counted);
  const hidden = tasks.length - limit;
  const all = tasks.every(({ id }) => selection.ids.has(id));
  return (
    <tbody data-status={status}>
      <tr className={styles.group}>
        <td>
          <input
            type="checkbox"
            aria-label={`${boardText.selectAll}: ${text.status[status]}`}
            checked={all}
            onChange={() => {
              const ids = tasks.map(({ id }) => id);
              const others = [...selection.ids].filter((id) => !ids.includes(id));
              selection.set(all ? others : [...others, ...ids]);
            }}
          />
        </td>
        <th scope="rowgroup" colSpan={2}>
          <TaskState status={status} /> <span className={styles.number}>{number}</span>
        </th>
        <RestOfRow />
      </tr>
      {tasks.slice(0, limit).map((task) => (
        <Row
          key={task.id}
          task={task}
          open={task.id === open}
          selected={selection.ids.has(task.id)}
          onSelect={selection.toggle}
        />
      ))}
      {hidden > 0 || load?.hasNextPage ? (
        <tr>
          <td />
          <td colSpan={2}>
            <Button
              kind="quiet"
              disabled={load?.isFetchingNextPage}
              onClick={() => {
                setLimit(limit + STEP);
                if (hidden <= STEP && load?.hasNextPage) void load.fetchNextPage();
              }}
            >
              {text.board.more}
            </Button>
          </td>
          <RestOfRow />
        </tr>
      ) : null}
    </tbody>
  );
}

/** The cells of a row whose words begin it: a cell that spanned columns would keep those that a small window leaves out. */
function RestOfRow() {
  return (
    <>
      <td className={styles.agent} />
      <td className={styles.minor} colSpan={2} />
    </>
  );
}

interface RowProps {
  task: TaskSummary;
  open: boolean;
  selected: boolean;
  onSelect(id: string, range: boolean): void;
}

function Row({ task, open, selected, onSelect }: RowProps) {
  const mission = useMission();
  const agent = useLive(() => (task.agentId ? agentName(mission, task.agentId) : undefined));
  const pending = useLive((live) => live.pending.get(task.id));
  const words =
    task.waitingFor?.title ??
    (task.status === "failed" ? task.error : plainLine(task.summary ?? task.message ?? ""));
  return (
    <tr
      data-task={task.id}
      data-open={open}
      data-selected={selected}
      data-pending={pending !== undefined}
      onKeyDown={(event) => {
        if (event.key.toLowerCase() !== "x" || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        onSelect(task.id, event.shiftKey);
      }}
    >
      <td>
        <input
          type="checkbox"
          tabIndex={-1}
          aria-label={boardText.select(visibleText(task.title))}
          title={boardText.selectHint}
          checked={selected}
          onChange={(event) => onSelect(task.id, (event.nativeEvent as MouseEvent).shiftKey)}
        />
      </td>
      <th scope="row" className={styles.title}>
        <Link
          from="/board"
          to="/board"
          search={({ entry: _, ...now }) => ({ ...now, task: task.id })}
          className={styles.link}
          aria-keyshortcuts="x"
        >
          <Foreign max={200}>{task.title}</Foreign>
        </Link>
        {task.waitingFor ? <Badge tone="attention">{text.board.asks}</Badge> : null}
        {pending ? <span className={styles.pending}>{pending.label}</span> : null}
      </th>
      <td className={styles.agent}>{agent ? <Foreign max={40}>{agent}</Foreign> : text.none}</td>
      <td className={`${styles.tags} ${styles.minor}`}>{visibleText(task.tags.join(", "))}</td>
      <td className={`${styles.words} ${styles.minor}`} data-bad={task.status === "failed"}>
        {words ? <Foreign max={200}>{words}</Foreign> : null}
      </td>
      <td className={styles.when}>
        <Ago at={task.updatedAt} />
      </td>
    </tr>
  );
}

/** j and k, and the arrows, go from row to row. */
function useRowKeys(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
      if (!step || !isPageKey(event)) return;
      const rows = [...document.querySelectorAll("tr[data-task]")];
      const at = rows.findIndex((row) => row.contains(document.activeElement));
      if (at < 0 && event.key.startsWith("Arrow")) return;
      const next = rows[at < 0 ? 0 : at + step];
      if (!next) return;
      event.preventDefault();
      next.querySelector("a")?.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}
