import type { TaskSummary } from "@mission-control/protocol";
import { useVirtualizer } from "@tanstack/react-virtual";
import { Suspense, useEffect, useMemo, useRef, useState } from "react";
import { useRowHeight } from "../../app/density.ts";
import { useAgents } from "../../app/use-agents.ts";
import { useLive, useMission } from "../../app/use-mission.ts";
import { useRowKeys } from "../../app/use-row-keys.ts";
import { handedOverIn } from "../../store/feed.ts";
import type { HeldEvent } from "../../store/held-event.ts";
import { quickAnswers } from "../../tasks/quick-answers.ts";
import { useTaskActions } from "../../tasks/use-task-actions.ts";
import { text } from "../../text/text.ts";
import { Button } from "../../ui/button.tsx";
import { Icon } from "../../ui/icon.tsx";
import { lazyPart } from "../../ui/lazy-part.tsx";
import { Empty, Failure, Skeleton } from "../../ui/page-state.tsx";
import styles from "./activity.module.css";
import { type Answer, EventRow, type RowContext } from "./event-row.tsx";
import { linesOf } from "./lines.ts";
import type { FeedView } from "./use-feed.ts";

const FirstSteps = lazyPart(async () => (await import("./first-steps.tsx")).default);

/** While the list moves, only its top is laid out; whoever scrolls gets all of it, standing still. */
const LIVE_ROWS = 200;
/** Where more new rows than this come with one drawing, the rows on the screen are written again, not exchanged. */
const FLOOD_ROWS = 8;
const FOOTER_HEIGHT = 64;

interface FeedListProps {
  /** The address of the page with an event open, and the way there. */
  address(id: number): string;
  onOpen(id: number): void;
  view: FeedView;
  filtered: boolean;
  /** Words somebody looks for. */
  sought: string | undefined;
  selected: number | undefined;
}

/** The rows, newest first; only those on the screen exist. */
export function FeedList(props: FeedListProps) {
  const { view, filtered, sought, selected, address, onOpen } = props;
  const { older } = view;
  const mission = useMission();
  const agents = useAgents();
  const agentNames = useMemo(() => new Map(agents.data?.map(({ id, name }) => [id, name])), [agents.data]);
  const scroller = useRef<HTMLDivElement>(null);
  const actions = useTaskActions();
  const [unfolded, setUnfolded] = useState<ReadonlySet<number>>(new Set());
  useRowKeys(scroller);
  const rowHeight = useRowHeight();
  const ready = useLive((mission) => mission.ready);
  const startFailure = useLive((mission) => mission.startFailure);
  const lines = linesOf(view.rows, unfolded);
  const all = lines.count;
  const shown = view.held ? all : Math.min(all, LIVE_ROWS);
  const lineAt = (index: number) => (index < shown ? lines.at(index) : undefined);
  const virtualizer = useVirtualizer({
    count: shown + 1,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (index < shown ? rowHeight : FOOTER_HEIGHT),
    getItemKey: (index) => lineAt(index)?.key ?? "footer",
    overscan: 8,
    useFlushSync: false,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: heights are asked for anew when one of these changed
  useEffect(() => virtualizer.measure(), [virtualizer, rowHeight]);

  const onScroll = () => {
    const top = scroller.current?.scrollTop ?? 0;
    if (top > rowHeight && !view.held) view.hold();
  };
  const release = () => {
    if (scroller.current) scroller.current.scrollTop = 0;
    view.release();
  };
  const context: RowContext = useMemo(
    () => ({
      address,
      open: onOpen,
      unfold: (key) =>
        setUnfolded((now) => {
          const next = new Set(now);
          if (!next.delete(key)) next.add(key);
          return next;
        }),
      answer: (taskId, requestId, optionId) => void actions.answer(taskId, requestId, optionId),
    }),
    [address, onOpen, actions],
  );

  const { query } = older;
  const items = virtualizer.getVirtualItems();
  // Rows newer than the newest of the last drawing come in with a small movement.
  const newest = lines.at(0)?.key ?? 0;
  const seen = useRef(newest);
  useEffect(() => {
    seen.current = newest;
  }, [newest]);
  // A row that has the focus stays the same row, so that the focus goes with it.
  const focused = useRef(false);
  const flooded = !view.held && !focused.current && (lines.at(FLOOD_ROWS)?.key ?? 0) > seen.current;
  useUnknownTasks(items.map(({ index }) => lineAt(index)?.event.taskId));
  const footerVisible = items.at(-1)?.index === shown && all > 0;
  const loadOlder = query.fetchNextPage;
  const mayLoad = footerVisible && view.held && query.hasNextPage && !query.isFetching && !query.error;
  useEffect(() => {
    if (mayLoad) void loadOlder();
  }, [mayLoad, loadOlder]);

  if (all === 0) {
    if (startFailure) return <Failure error={startFailure} retry={() => mission.retryNow()} />;
    if (!ready || query.isLoading) return <Skeleton lines={8} />;
    if (query.error) return <Failure error={query.error} retry={() => void query.refetch()} />;
    if (query.hasNextPage) return <SearchFurther older={older} />;
    if (filtered) return <Empty icon="filter" title={text.activity.nothingMatches} />;
    return (
      <Suspense>
        <FirstSteps />
      </Suspense>
    );
  }
  return (
    <div className={styles.listFrame}>
      {view.held && view.fresh > 0 ? (
        <button type="button" className={styles.pill} onClick={release}>
          <Icon name="plus" size={12} />
          {text.activity.fresh(view.fresh)}
        </button>
      ) : null}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: it watches what is done to the links inside */}
      <div
        ref={scroller}
        className={styles.scroller}
        onScroll={onScroll}
        onFocus={({ target }) => {
          focused.current = true;
          // Whoever goes from row to row by keys reads: none of them is pushed off the screen meanwhile.
          if (target.matches(":focus-visible")) view.hold();
        }}
        onBlur={() => {
          focused.current = false;
        }}
        // Whoever points at a row means the one that is there now.
        onPointerDown={() => flooded && view.hold()}
      >
        <ol className={styles.list} style={{ height: virtualizer.getTotalSize() }}>
          {items.map(({ index, start, size, key }) => {
            const line = lineAt(index);
            if (!line) {
              return (
                <li key={key} className={styles.footer} style={{ transform: `translateY(${start}px)` }}>
                  <Footer older={older} filtered={filtered} />
                </li>
              );
            }
            const { event, row, folded } = line;
            return (
              <EventRow
                key={flooded ? `place ${index}` : key}
                event={event}
                row={folded ? undefined : row.key}
                count={row.count}
                handedOverIn={folded ? null : handedOverIn(row)}
                answers={answersTo(event, event.taskId && mission.tasks.get(event.taskId))}
                unfolded={unfolded.has(row.key)}
                task={event.taskId && mission.tasks.get(event.taskId)?.title}
                agent={event.agentId && agentNames.get(event.agentId)}
                top={start}
                height={size}
                selected={selected !== undefined && event.id === selected}
                fresh={!view.held && mission.calm && line.key > seen.current}
                sought={sought}
                context={context}
              />
            );
          })}
        </ol>
      </div>
    </div>
  );
}

const NO_ANSWERS: readonly Answer[] = [];

/** The answers to offer in a row: to a question that its task still waits with. */
function answersTo(event: HeldEvent, task: TaskSummary | "" | undefined): readonly Answer[] {
  const waitingFor = task ? task.waitingFor : undefined;
  if (event.type !== "permission" || event.data.state !== "requested" || !waitingFor) return NO_ANSWERS;
  // A long question is held by its title alone.
  const { request } = event.data as { request?: { id?: string } };
  if (request ? request.id !== waitingFor.id : event.message !== waitingFor.title) return NO_ANSWERS;
  return quickAnswers(waitingFor).map(({ optionId, name, kind }) => ({
    requestId: waitingFor.id,
    optionId,
    name,
    denies: kind?.startsWith("reject") ?? false,
  }));
}

/** Asks for the tasks of the rows on the screen that have no name yet. */
function useUnknownTasks(ids: readonly (string | undefined)[]): void {
  const mission = useMission();
  const unknown = ids.filter((id) => id && !mission.tasks.get(id) && !mission.tasks.isDeleted(id)).join(" ");
  useEffect(() => {
    for (const id of new Set(unknown.split(" "))) if (id) mission.loader.load(id);
  }, [mission, unknown]);
}

function Footer({ older, filtered }: { older: FeedView["older"]; filtered: boolean }) {
  const { query } = older;
  if (query.error) {
    return (
      <Button icon="retry" onClick={() => void query.fetchNextPage()}>
        {text.activity.olderFailed(query.error.message)}
      </Button>
    );
  }
  if (query.hasNextPage) {
    return (
      <Button kind="quiet" disabled={query.isFetching} onClick={() => void query.fetchNextPage()}>
        {query.isFetching ? text.loading : text.activity.older}
      </Button>
    );
  }
  return filtered ? text.activity.nothingOlder : text.activity.beginning;
}

function SearchFurther({ older }: { older: FeedView["older"] }) {
  const { query, reached } = older;
  // The server looks at a stretch of the log at a time: whoever searches wants the next one, until something is found.
  const { fetchNextPage, isFetching, error } = query;
  useEffect(() => {
    if (!isFetching && !error) void fetchNextPage();
  }, [fetchNextPage, isFetching, error]);
  return (
    <Empty icon="search" title={text.activity.nothingYet(reached ?? 0)}>
      <Footer older={older} filtered />
    </Empty>
  );
}
