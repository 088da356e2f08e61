import type { LogEvent } from "@mission-control/protocol";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import type { Mission } from "../../app/mission.ts";
import { agentName } from "../../app/use-agents.ts";
import { useLive, useLiveVersion, useMission } from "../../app/use-mission.ts";
import { Feed, type FeedRow } from "../../store/feed.ts";
import { type FeedFilter, matcher, type Names } from "../../store/feed-filter.ts";
import { type HeldEvent, hold } from "../../store/held-event.ts";

const OLDER_PAGE = 100;

/** The names known now, for searching. */
export function namesOf(mission: Mission): Names {
  return {
    task: (id) => mission.tasks.get(id)?.title,
    agent: (id) => agentName(mission, id),
  };
}

/** The live part of the feed: rows from the events this page has seen, kept up to date. */
export function useLiveFeed(filter: FeedFilter): Feed {
  const mission = useMission();
  const log = useLive(({ log }) => log);
  const feed = useMemo(
    () => new Feed(matcher(filter, namesOf(mission)), log.events()),
    [mission, log, filter],
  );
  useEffect(
    () =>
      mission.onBatch((events) => {
        feed.append(events);
        feed.dropBefore(log.base + 1);
      }),
    [mission, log, feed],
  );
  useLiveVersion();
  return feed;
}

/** The part of the log from before this page looked, read from the server a page at a time. */
export function useOlderFeed(filter: FeedFilter) {
  const mission = useMission();
  const ready = useLive(({ ready }) => ready);
  const base = useLive(({ log }) => log.base);
  const query = useInfiniteQuery({
    queryKey: ["history", filter.taskId, filter.agentId, filter.types?.join(","), base],
    queryFn: ({ pageParam, signal }) => readHistory(mission, filter, pageParam, signal),
    initialPageParam: base + 1,
    getNextPageParam: (page) => page.before,
    enabled: ready,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const pages = query.data?.pages;
  const feed = useMemo(() => {
    const events = (pages ?? []).flatMap(({ events }) => events).reverse();
    return new Feed(matcher(filter, namesOf(mission)), events);
  }, [mission, pages, filter]);
  const looked = pages?.reduce((sum, page) => sum + page.events.length, 0) ?? 0;
  return { feed, looked, query };
}

async function readHistory(mission: Mission, filter: FeedFilter, before: number, signal: AbortSignal) {
  if (before <= 1) return { events: [] as HeldEvent[], before: null };
  const query = new URLSearchParams({ before: String(before), limit: String(OLDER_PAGE) });
  if (filter.taskId) query.set("taskId", filter.taskId);
  if (filter.agentId) query.set("agentId", filter.agentId);
  if (filter.types?.length) query.set("types", filter.types.join(","));
  const page = await mission.api.get<{ items: LogEvent[]; nextCursor: string | null }>(
    `/api/events/history?${query}`,
    signal,
  );
  return { events: page.items.map(hold), before: page.nextCursor === null ? null : Number(page.nextCursor) };
}

/** What a list shows: the rows as they are, or as they were when somebody began to read. */
export interface FeedView {
  /** Oldest first. */
  rows: readonly FeedRow[];
  held: boolean;
  /** Events that came since it is held. */
  fresh: number;
  hold(): void;
  release(): void;
}

/** Lets a list be held still while the log goes on. */
export function useHolding(feed: Feed): FeedView {
  const [held, setHeld] = useState<{ feed: Feed; rows: readonly FeedRow[]; total: number } | null>(null);
  const current = held?.feed === feed ? held : null;
  const hold = useCallback(
    () => setHeld((now) => (now?.feed === feed ? now : { feed, rows: [...feed.rows], total: feed.total })),
    [feed],
  );
  const release = useCallback(() => setHeld(null), []);
  return {
    rows: current ? current.rows : feed.rows,
    held: current !== null,
    fresh: current ? feed.total - current.total : 0,
    hold,
    release,
  };
}
