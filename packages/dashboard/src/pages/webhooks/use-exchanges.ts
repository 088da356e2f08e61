import type { ExchangeDetail, ExchangePage } from "@mission-control/protocol";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { useMission } from "../../app/use-mission.ts";
import { type ExchangeFeed, released, withNewest, withOlder } from "./exchange-feed.ts";
import { SINCE, type WebhooksSearch } from "./webhooks-search.ts";

const EXCHANGES = "/api/exchanges";
/** No event tells of them: while the page is seen, it asks again after so long, in milliseconds. */
const REFRESH_MS = 3_000;
const PAGE = "100";

/** Which deliveries are asked for. */
export type ExchangeFilter = Pick<
  WebhooksSearch,
  "direction" | "result" | "agent" | "task" | "attempt" | "endpoint" | "since"
>;

/** A list that keeps up with what comes, and reads on where it ends. */
export interface ExchangeListView {
  /** Null until it was read for the first time. */
  feed: ExchangeFeed | null;
  /** Why it could not be read, the last time it was tried. */
  error: Error | null;
  isReading: boolean;
  /** Keeps what comes from moving the rows, until it is released. */
  hold(isHeld: boolean): void;
  release(): void;
  readOn(): void;
  retry(): void;
}

/** The deliveries that a filter finds; a new list for each filter. */
export function useExchanges(filter: ExchangeFilter): ExchangeListView {
  const { api, clock } = useMission();
  const query = JSON.stringify(filter);
  const [round, setRound] = useState(0);
  const [feed, setFeed] = useState<ExchangeFeed | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [isReading, setIsReading] = useState(false);
  const held = useRef(false);
  const read = useCallback(
    (cursor: string | null, signal?: AbortSignal) => {
      const now = Date.now() + (clock.estimate?.offset ?? 0);
      return api.get<ExchangePage>(`${EXCHANGES}?${queryOf(JSON.parse(query), cursor, now)}`, signal);
    },
    [api, clock, query],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: another round reads at once
  useEffect(() => {
    const ended = new AbortController();
    let isBusy = false;
    const refresh = async () => {
      if (isBusy) return;
      isBusy = true;
      try {
        const page = await read(null, ended.signal);
        setFeed((before) => withNewest(before, page, held.current));
        setError(null);
      } catch (failure) {
        if (!ended.signal.aborted) setError(failure as Error);
      } finally {
        isBusy = false;
      }
    };
    void refresh();
    const timer = setInterval(() => document.visibilityState === "visible" && void refresh(), REFRESH_MS);
    return () => {
      clearInterval(timer);
      ended.abort();
    };
  }, [read, round]);

  return {
    feed,
    error,
    isReading,
    hold: useCallback((isHeld: boolean) => {
      held.current = isHeld;
    }, []),
    release: useCallback(() => {
      held.current = false;
      setFeed((before) => before && released(before));
    }, []),
    readOn: useCallback(() => {
      const cursor = feed?.cursor;
      if (cursor == null || isReading) return;
      setIsReading(true);
      read(cursor)
        .then((page) => {
          setFeed((before) => (before?.cursor === cursor ? withOlder(before, page) : before));
          setError(null);
        }, setError)
        .finally(() => setIsReading(false));
    }, [feed?.cursor, isReading, read]),
    retry: useCallback(() => setRound((before) => before + 1), []),
  };
}

function queryOf(filter: ExchangeFilter, cursor: string | null, now: number): URLSearchParams {
  const { direction, result, agent, task, attempt, endpoint, since } = filter;
  const query = new URLSearchParams({ limit: PAGE });
  const asked = {
    direction,
    result,
    agentId: agent,
    taskId: task,
    dispatchId: attempt,
    endpointId: endpoint,
  };
  for (const [name, value] of Object.entries(asked)) if (value) query.set(name, value);
  if (since) query.set("from", new Date(now - SINCE[since]).toISOString());
  if (cursor) query.set("cursor", cursor);
  return query;
}

/** One delivery with what was sent and answered. */
export function useExchange(id: string) {
  const { api } = useMission();
  return useQuery({
    queryKey: ["webhooks", "exchange", id],
    queryFn: ({ signal }) => api.get<ExchangeDetail>(`${EXCHANGES}/${encodeURIComponent(id)}`, signal),
    refetchInterval: (query) => (query.state.data?.direction === "webhook" ? REFRESH_MS : false),
  });
}
