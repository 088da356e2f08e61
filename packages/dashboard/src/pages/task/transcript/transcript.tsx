import type { TaskView } from "@mission-control/protocol";
import { useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import {
  memo,
  type ReactNode,
  type RefObject,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { runText } from "../../../text/run-text.ts";
import { Icon } from "../../../ui/icon.tsx";
import { Empty, Failure, Skeleton } from "../../../ui/page-state.tsx";
import { Composer } from "../composer/composer.tsx";
import { type RowContext, RowView } from "./row-view.tsx";
import type { TranscriptRow, TranscriptRows } from "./rows.ts";
import { scrollerOf, topIn } from "./scroller.ts";
import styles from "./transcript.module.css";
import { TranscriptBar } from "./transcript-bar.tsx";
import { useAnchor } from "./use-anchor.ts";
import { useFind } from "./use-find.ts";
import { useFollow } from "./use-follow.ts";
import { useHighlight } from "./use-highlight.ts";
import { type FirstEnd, useTranscript } from "./use-transcript.ts";

/** What a row is thought to take before it was drawn once. */
const ROW_HEIGHT = 32;
/** How much of the list is on the screen, in pixels, where it makes sense to lead to its end. */
const IN_VIEW = 120;

/** What was said and done in a task, in order, live at its end. Only the rows on the screen exist. */
export default memo(Transcript, (before, after) =>
  DRAWN_OF.every((key) => before.task[key] === after.task[key]),
);

/** What of a task is drawn here: the rest changes with every word of its agent. */
const DRAWN_OF = ["id", "status", "agentId", "dispatchId", "unknownReason", "attempts"] as const;

function Transcript({ task }: { task: TaskView }) {
  const first = useFirstEnd(task);
  const view = useTranscript(task.id, first);
  const end = useRef<HTMLDivElement>(null);
  const { rows } = view;
  if (rows.all.length === 0) {
    if (view.error) return <Failure error={view.error} retry={view.retry} />;
    if (view.isLoading) return <Skeleton />;
    const hasRun = task.attempts.length > 0;
    return (
      <>
        <Empty icon="activity" title={hasRun ? runText.transcript.begins : runText.transcript.neverRan}>
          <p>{hasRun ? runText.transcript.beginsHint : runText.transcript.neverRanHint}</p>
        </Empty>
        <div className={styles.dock}>
          <Composer task={task} />
        </div>
      </>
    );
  }
  return (
    <>
      <Rows task={task} rows={rows} count={view.count} end={end}>
        {view.isLoading ? (
          <p className={styles.quiet}>{runText.transcript.reading(rows.all.length)}</p>
        ) : null}
        {view.error ? <Failure error={view.error} retry={view.retry} /> : null}
      </Rows>
      <div ref={end} />
    </>
  );
}

/** Of a run that goes on, its end is wanted first; that stays so while the page is open. */
function useFirstEnd(task: TaskView): FirstEnd {
  const [first] = useState<FirstEnd>(task.status === "in_progress" ? "newest" : "oldest");
  return first;
}

interface RowsProps {
  task: TaskView;
  rows: TranscriptRows;
  /** How many of them are drawn. */
  count: number;
  /** What stands behind everything that belongs to the transcript. */
  end: RefObject<HTMLElement | null>;
  /** What is said of the reading, behind the rows. */
  children: ReactNode;
}

function Rows({ task, rows, count, end, children }: RowsProps) {
  const { entry: wanted } = useSearch({ strict: false });
  const list = useRef<HTMLOListElement>(null);
  const [words, setWords] = useState("");
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const find = useFind(rows, words);
  const { all } = rows;
  const margin = useTopOf(list);
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scrollerOf(list.current),
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => all[index]?.key ?? index,
    scrollMargin: margin,
    overscan: 6,
    useFlushSync: false,
  });
  const newest = all[count - 1]?.eventId ?? 0;
  const begin = wanted !== undefined ? "elsewhere" : task.status === "in_progress" ? "end" : "top";
  const follow = useFollow(end, newest, begin);
  const { scrollOffset, scrollRect } = virtualizer;
  const isInView = (scrollOffset ?? 0) + (scrollRect?.height ?? 0) > margin + IN_VIEW;
  const fresh = follow.isAtEnd ? 0 : count - 1 - rows.indexOf(follow.seen);
  useAnchor(list, virtualizer, rows);
  useHighlight(list, words);

  const goTo = useCallback(
    (row: TranscriptRow | undefined) => {
      if (!row) return;
      const index = rows.indexOf(row.eventId);
      if (index >= 0) virtualizer.scrollToIndex(index, { align: "center" });
    },
    [rows, virtualizer],
  );
  // While older rows come in, the wanted one moves on.
  const place = wanted === undefined ? -1 : rows.indexOf(wanted);
  const isThere = wanted !== undefined && place < count && all[place]?.eventId === wanted;
  useEffect(() => {
    if (isThere) virtualizer.scrollToIndex(place, { align: "center" });
  }, [isThere, place, virtualizer]);

  const navigate = useNavigate();
  const router = useRouter();
  const context: RowContext = useMemo(() => {
    const params = { taskId: task.id };
    const { publicHref } = router.buildLocation({
      to: "/tasks/$taskId",
      params,
      search: { tab: "transcript" },
    });
    return {
      taskId: task.id,
      address: (eventId) => `${publicHref}&entry=${eventId}`,
      goTo: (eventId) =>
        void navigate({ to: ".", search: (now) => ({ ...now, tab: "transcript", entry: eventId }) }),
      toggle: (key) =>
        setToggled((now) => {
          const next = new Set(now);
          if (!next.delete(key)) next.add(key);
          return next;
        }),
    };
  }, [task.id, router, navigate]);
  const step = (by: 1 | -1) => goTo(find.step(by));
  const nextError = () => {
    const from = rows.indexOf(all[virtualizer.range?.startIndex ?? 0]?.eventId ?? 0);
    const isAfter = (_: TranscriptRow, index: number) => index > from + 1;
    const errors = all.filter((row) => rows.isError(row));
    goTo(all.find((row, index) => isAfter(row, index) && rows.isError(row)) ?? errors[0]);
  };
  return (
    <>
      <section className={styles.transcript} aria-label={runText.transcript.label}>
        <TranscriptBar
          words={words}
          onWords={setWords}
          find={find}
          onStep={step}
          errors={rows.errorCount}
          onError={nextError}
        />
        <ol ref={list} className={styles.list} style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map(({ index, key, start }) => {
            const row = all[index];
            if (!row) return null;
            return (
              <li
                key={key}
                ref={virtualizer.measureElement}
                data-index={index}
                data-entry={row.eventId}
                data-target={row.eventId === wanted}
                data-match={row.key === find.current?.key}
                className={styles.item}
                style={{ transform: `translateY(${start - margin}px)` }}
              >
                <RowView
                  row={row}
                  open={toggled.has(row.key) !== (opensByItself(row) || row.key === find.current?.key)}
                  context={context}
                />
              </li>
            );
          })}
        </ol>
      </section>
      {children}
      <div className={styles.dock}>
        {follow.isAtEnd || !isInView ? null : (
          <button type="button" className={styles.jump} onClick={follow.toEnd}>
            <Icon name="down" size={12} />
            {fresh > 0 ? runText.transcript.fresh(fresh) : runText.transcript.toEnd}
          </button>
        )}
        <Composer task={task} />
      </div>
    </>
  );
}

/** Diffs are read inline; everything else is opened by whoever wants it. */
function opensByItself(row: TranscriptRow): boolean {
  return row.kind === "entry" && row.entry.kind === "file";
}

/** How far below the top of what scrolls an element stands, as it is after each drawing. */
function useTopOf(element: RefObject<HTMLElement | null>): number {
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    if (element.current) setTop(topIn(scrollerOf(element.current), element.current));
  });
  return top;
}
