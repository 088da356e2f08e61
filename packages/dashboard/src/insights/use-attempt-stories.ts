import type { LogEvent } from "@mission-control/protocol";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Mission } from "../app/mission.ts";
import { useLive, useMission } from "../app/use-mission.ts";
import { useNow } from "../ui/ticker.ts";
import { type AttemptStory, attemptsOf, STORY_TYPES } from "./attempt-history.ts";

const PAGE = 500;
/** Events read back at most: the charts say how far they reach. */
const MAX_PAGES = 20;
const REFRESH_MS = 5_000;

/** Attempts of a stretch of time, and from when on the log was really read. */
export interface Stories {
  stories: AttemptStory[];
  /** Everything since then is in; later than asked for when there was too much to read. */
  since: number;
}

/** Reads attempts back from the log, and goes on with what comes live. */
export function useAttemptStories(range: number, agentId?: string) {
  const mission = useMission();
  const ready = useLive((live) => live.ready);
  const base = useLive(({ log }) => log.base);
  const query = useQuery({
    queryKey: ["stories", range, agentId, base],
    queryFn: ({ signal }) => readBack(mission, range, base + 1, agentId, signal),
    enabled: ready,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const beat = Math.floor(useNow() / REFRESH_MS);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the beat stands for what the log has gained
  const data: Stories | undefined = useMemo(() => {
    if (!query.data) return undefined;
    const wanted = new Set<string>(STORY_TYPES);
    const live = mission.log
      .events()
      .filter((event) => wanted.has(event.type) && (!agentId || event.agentId === agentId));
    return { stories: attemptsOf([...query.data.events, ...live]), since: query.data.since };
  }, [mission, query.data, agentId, beat]);
  return { data, query };
}

/**
 * Reads the events of attempts back from a position.
 * @param range how far, in milliseconds before now by the server's clock, which stamped them
 */
export async function readBack(
  { api, clock }: Pick<Mission, "api" | "clock">,
  range: number,
  before: number,
  agentId: string | undefined,
  signal: AbortSignal,
): Promise<{ events: LogEvent[]; since: number }> {
  const since = Date.now() + (clock.estimate?.offset ?? 0) - range;
  const events: LogEvent[] = [];
  let cursor: string | null = String(before);
  for (let page = 0; cursor !== null && Number(cursor) > 1 && page < MAX_PAGES; page++) {
    const query = new URLSearchParams({ types: STORY_TYPES.join(","), before: cursor, limit: String(PAGE) });
    if (agentId) query.set("agentId", agentId);
    const { items, nextCursor }: { items: LogEvent[]; nextCursor: string | null } = await api.get(
      `/api/events/history?${query}`,
      signal,
    );
    for (const event of items) {
      if (Date.parse(event.receivedAt) < since) return { events: events.reverse(), since };
      events.push(event);
    }
    cursor = nextCursor;
  }
  const reached = cursor === null || Number(cursor) <= 1;
  const oldest = events.at(-1);
  return { events: events.reverse(), since: reached || !oldest ? since : Date.parse(oldest.receivedAt) };
}
