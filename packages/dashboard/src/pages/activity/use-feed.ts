import type { LogEvent } from "@mission-control/protocol";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useRef, useState } from "react";
import type { Mission } from "../../app/mission.ts";
import { agentName } from "../../app/use-agents.ts";
import { useLive, useLiveVersion, useMission } from "../../app/use-mission.ts";
import { Feed, type FeedRow } from "../../store/feed.ts";
import { type FeedFilter, matcher, type Names } from "../../store/feed-filter.ts";
import { type HeldEvent, hold } from "../../store/held-event.ts";
import { Holding } from "./holding.ts";

const OLDER_PAGE = 100;

/** The names known now, for searching. */
function namesOf(mission: Mission): Names {
  return {
    task: (id) => mission.tasks.get(id)?.title,
    agent: (id) => agentName(mission, id),
  };
}

/** What the list shows: the log as it goes on, or as it was when somebody began to read. */
export interface FeedView {
  /** Oldest first: what the server kept from before this page looked, and what came since. */
  rows: readonly FeedRow[];
  held: boolean;
  /** Events that came since it is held. */
  fresh: number;
  hold(): void;
  release(): void;
  /** The part from before this page looked, read from the server a page at a time. */
  older: ReturnType<typeof useOlderEvents>;
}

/**
 * The rows of a filter. One feed holds history and live together: an attempt's row goes on over the border of both.
 * @param folds whether events of an attempt share rows
 */
export function useFeed(filter: FeedFilter, folds: boolean): FeedView {
  const mission = useMission();
  const log = useLive((live) => live.log);
  const liveBase = useLive((live) => live.log.base);
  const [held, setHeld] = useState<Holding | null>(null);
  const holding = held?.isOf(log, filter) ? held : null;
  const base = holding?.base ?? liveBase;
  const older = useOlderEvents(filter, base);
  const matches = useMemo(() => matcher(filter, namesOf(mission)), [filter, mission]);
  const now = useRef(holding);
  now.current = holding;
  // To hold the list is to let this feed stand still: only older events make another one.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the base stands for the events that the log has let go of
  const feed = useMemo(() => {
    const made = new Feed(matches, older.events, folds);
    made.append(now.current?.events ?? log.events());
    return made;
  }, [matches, folds, log, base, older.events]);
  useLiveVersion();
  // Each event once, by its position, however often this is drawn.
  if (!holding) feed.append(log.after(feed.position));
  const hold = useCallback(() => {
    const begun = new Holding(log, filter);
    setHeld((before) => (before?.isOf(log, filter) ? before : begun));
  }, [log, filter]);
  const release = useCallback(() => setHeld(null), []);
  const fresh = holding?.fresh(matches) ?? 0;
  return { rows: feed.rows, held: holding !== null, fresh, hold, release, older };
}

function useOlderEvents(filter: FeedFilter, base: number) {
  const mission = useMission();
  const ready = useLive(({ ready }) => ready);
  const query = useInfiniteQuery({
    queryKey: ["history", filter.taskId, filter.agentId, filter.types?.join(","), filter.q?.trim(), base],
    queryFn: ({ pageParam, signal }) => readHistory(mission, filter, pageParam, signal),
    initialPageParam: base + 1,
    getNextPageParam: (page) => page.before,
    enabled: ready,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const pages = query.data?.pages;
  const events = useMemo(() => (pages ?? []).flatMap(({ events }) => events).reverse(), [pages]);
  return { events, reached: pages?.at(-1)?.before ?? null, query };
}

/**
 * A page of the server's log, newest first.
 * @param before the event that the page ends before; what it returns as `before` is where the next one does, null at the end
 */
export async function readHistory(mission: Mission, filter: FeedFilter, before: number, signal: AbortSignal) {
  if (before <= 1) return { events: [] as HeldEvent[], before: null };
  const query = new URLSearchParams({ before: String(before), limit: String(OLDER_PAGE) });
  if (filter.taskId) query.set("taskId", filter.taskId);
  if (filter.agentId) query.set("agentId", filter.agentId);
  if (filter.types?.length) query.set("types", filter.types.join(","));
  if (filter.q?.trim()) query.set("q", filter.q.trim());
  const page = await mission.api.get<{ items: LogEvent[]; nextCursor: string | null }>(
    `/api/events/history?${query}`,
    signal,
  );
  return { events: page.items.map(hold), before: page.nextCursor === null ? null : Number(page.nextCursor) };
}
