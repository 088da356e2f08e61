import type { ExchangeView } from "@mission-control/protocol";
import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { useRowHeight } from "../../app/density.ts";
import { useAgents } from "../../app/use-agents.ts";
import { useRowKeys } from "../../app/use-row-keys.ts";
import { formatDuration } from "../../text/duration.ts";
import { text as common } from "../../text/text.ts";
import { webhooksText } from "../../text/webhooks-text.ts";
import { Button } from "../../ui/button.tsx";
import { Foreign } from "../../ui/foreign.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Empty, Failure, Skeleton } from "../../ui/page-state.tsx";
import { Badge } from "../../ui/state.tsx";
import { Clock } from "../../ui/time.tsx";
import { useTaskTitle } from "../../ui/use-task-title.ts";
import { RESULT_TONE, whatOf } from "./exchange-words.ts";
import styles from "./exchanges.module.css";
import type { ExchangeListView } from "./use-exchanges.ts";

const words = webhooksText.exchanges;
const FOOTER_HEIGHT = 64;

export interface ExchangeListProps {
  view: ExchangeListView;
  selected: string | undefined;
  /** Said where there is nothing. */
  none: { title: string; hint: string };
}

/** The rows, newest first; only those on the screen exist. */
export function ExchangeList({ view, selected, none }: ExchangeListProps) {
  const { feed, error, isReading, hold, release, readOn, retry } = view;
  const scroller = useRef<HTMLDivElement>(null);
  const agents = useAgents();
  const rowHeight = useRowHeight();
  const rows = feed?.rows ?? [];
  const virtualizer = useVirtualizer({
    count: rows.length + 1,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (index < rows.length ? rowHeight : FOOTER_HEIGHT),
    getItemKey: (index) => rows[index]?.id ?? "footer",
    overscan: 8,
    useFlushSync: false,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: heights are asked for anew when the height changed
  useEffect(() => virtualizer.measure(), [virtualizer, rowHeight]);
  useRowKeys(scroller);
  const items = virtualizer.getVirtualItems();
  const isAtEnd = items.at(-1)?.index === rows.length || rows.length === 0;
  const mayReadOn = isAtEnd && feed !== null && feed.cursor !== null && !isReading && !error;
  useEffect(() => {
    if (mayReadOn) readOn();
  }, [mayReadOn, readOn]);

  if (!feed) {
    const state = error ? <Failure error={error} retry={retry} /> : <Skeleton lines={8} />;
    return <div className={styles.nothing}>{state}</div>;
  }
  if (rows.length === 0 && feed.cursor === null) {
    return (
      <div className={styles.nothing}>
        <Empty icon="webhooks" title={none.title}>
          <p>{none.hint}</p>
        </Empty>
      </div>
    );
  }
  return (
    <div className={styles.frame}>
      <div className={styles.heads} aria-hidden="true">
        <span>{webhooksText.when}</span>
        <span>{words.way}</span>
        <span>{words.whatHead}</span>
        <span>{words.resultHead}</span>
        <span className={styles.number}>{words.statusHead}</span>
        <span className={styles.number}>{words.durationHead}</span>
        <span className={styles.agent}>{words.agentHead}</span>
        <span>{words.taskHead}</span>
      </div>
      {feed.fresh.length > 0 ? (
        <button
          type="button"
          className={styles.pill}
          onClick={() => {
            if (scroller.current) scroller.current.scrollTop = 0;
            release();
          }}
        >
          <Icon name="plus" size={12} />
          {words.fresh(feed.fresh.length, feed.freshCursor !== undefined)}
        </button>
      ) : null}
      <div
        ref={scroller}
        className={styles.scroller}
        onScroll={() => {
          const isHeld = (scroller.current?.scrollTop ?? 0) > rowHeight;
          hold(isHeld);
          if (!isHeld && feed.fresh.length > 0) release();
        }}
      >
        <ol className={styles.list} style={{ height: virtualizer.getTotalSize() }}>
          {items.map(({ index, start, size, key }) => {
            const exchange = rows[index];
            return (
              <li
                key={key}
                className={styles.item}
                style={{ transform: `translateY(${start}px)`, height: size }}
              >
                {exchange ? (
                  <Row
                    exchange={exchange}
                    agent={agents.data?.find(({ id }) => id === exchange.agentId)?.name}
                    isOpen={exchange.id === selected}
                  />
                ) : (
                  <Footer view={view} />
                )}
              </li>
            );
          })}
        </ol>
      </div>
    </div>
  );
}

function Footer({ view: { feed, error, isReading, readOn, retry } }: { view: ExchangeListView }) {
  if (error) {
    return (
      <Button icon="retry" onClick={feed?.cursor === null ? retry : readOn}>
        {words.olderFailed(error.message)}
      </Button>
    );
  }
  if (feed?.cursor === null) return words.end;
  return isReading ? <span role="status">{common.loading}</span> : null;
}

interface RowProps {
  exchange: ExchangeView;
  agent: string | undefined;
  isOpen: boolean;
}

function Row({ exchange, agent, isOpen }: RowProps) {
  const { id, at, direction, result, status, durationMs, agentId, taskId, address, reason } = exchange;
  const title = useTaskTitle(taskId);
  return (
    <Link
      from="/webhooks"
      to="/webhooks"
      search={(now) => ({ ...now, delivery: id })}
      className={styles.row}
      data-row={id}
      data-bad={RESULT_TONE[result] === "bad"}
      aria-current={isOpen ? "true" : undefined}
    >
      <span className={styles.time}>
        <Clock at={at} />
      </span>
      <span className={styles.way}>{words.ways[direction]}</span>
      <span className={styles.what}>
        <Foreign max={60}>{whatOf(exchange)}</Foreign>
      </span>
      <span className={styles.result}>
        <Badge tone={RESULT_TONE[result]}>{words.results[result]}</Badge>
      </span>
      <span className={`${styles.number} ${styles.wide}`}>{status}</span>
      <span className={`${styles.number} ${styles.wide}`}>
        {durationMs === undefined ? null : formatDuration(durationMs)}
      </span>
      <span className={styles.agent}>
        <Foreign max={80}>{agent ?? agentId ?? address ?? ""}</Foreign>
      </span>
      <span className={styles.task}>
        {taskId === undefined ? null : <Foreign max={120}>{title ?? taskId}</Foreign>}
        {reason === undefined ? null : (
          <span className={styles.reason}>
            <Foreign max={200}>{reason}</Foreign>
          </span>
        )}
      </span>
    </Link>
  );
}
