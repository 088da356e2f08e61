import type { LogEvent, TranscriptPage } from "@mission-control/protocol";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useSyncExternalStore } from "react";
import type { Mission } from "../../../app/mission.ts";
import { useLive, useMission } from "../../../app/use-mission.ts";
import { MILESTONES, TranscriptRows } from "./rows.ts";

const PAGE = 500;
/** More changes than this between two drawings leave no row on the screen as it was. */
const SCREENFUL = 20;
/** In such a flood, the least time between two drawings, in milliseconds. */
const FLOOD_DRAW_MS = 300;
/** Milestones are few; an attempt that has more than these asks without end, and its oldest questions are not shown. */
const MOST_MILESTONE_PAGES = 10;

/** A task's transcript: what the server has, and what the log brings from then on. */
export interface TranscriptView {
  rows: TranscriptRows;
  /** How many of them are to be drawn now. */
  count: number;
  /** The server's part is still being read. */
  isLoading: boolean;
  error: Error | null;
  retry(): void;
}

/** Which end of a transcript is read first. */
export type FirstEnd = "oldest" | "newest";

let lastReading = 0;

/** Reads a task's transcript and keeps it current. Draws again at most once a frame, however much comes in. */
export function useTranscript(taskId: string, first: FirstEnd): TranscriptView {
  const mission = useMission();
  const log = useLive((live) => live.log);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a log that begins anew has another transcript of the task
  const { rows, reading } = useMemo(
    () => ({ rows: new TranscriptRows(), reading: ++lastReading }),
    [taskId, log],
  );
  const query = useQuery({
    queryKey: ["transcript", reading],
    queryFn: async ({ signal }) => {
      const told = () => mission.changed();
      rows.takeEvents(await readMilestones(mission, taskId, signal));
      await readEntries(mission, taskId, first, signal, ({ items }) => {
        rows.takeEntries(items);
        told();
      });
      if (!rows.hasEntries) rows.takeEvents(await readProgress(mission, taskId, signal));
      told();
      return true;
    },
    // The log keeps it current. What it read is in the rows.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  useEffect(
    () =>
      mission.onBatch((_, whole) => {
        const own = whole.filter((event) => event.taskId === taskId);
        if (own.length > 0) rows.takeEvents(own);
      }),
    [mission, taskId, rows],
  );
  const count = useDrawn(mission, rows);
  return {
    rows,
    count,
    isLoading: query.data === undefined && query.isFetching,
    error: query.error,
    retry: () => void query.refetch(),
  };
}

/**
 * Draws the rows again when they have changed, and only then. Where more changes than a screen shows, every row on it is
 * another one, which takes longer than a frame: then it is drawn so seldom that the frames between stay free for
 * scrolling and typing. Nobody reads as fast.
 * @returns how many rows are drawn: what came since waits, also where something else draws again, such as scrolling
 */
function useDrawn(mission: Mission, rows: TranscriptRows): number {
  const drawn = useMemo(
    () => ({ version: rows.version, count: rows.all.length, at: Number.NEGATIVE_INFINITY }),
    [rows],
  );
  const subscribe = useCallback(
    (draw: () => void) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      let isDue = false;
      const stop = mission.subscribe(() => {
        const changes = rows.version - drawn.version;
        if (timer !== undefined || changes === 0) return;
        const wait = drawn.at + FLOOD_DRAW_MS - performance.now();
        if (!isDue && changes > SCREENFUL && wait > 0) {
          timer = setTimeout(() => {
            timer = undefined;
            isDue = true;
            // Within a frame, as everything else is drawn.
            mission.changed();
          }, wait);
          return;
        }
        isDue = false;
        Object.assign(drawn, { version: rows.version, count: rows.all.length, at: performance.now() });
        draw();
      });
      return () => {
        clearTimeout(timer);
        stop();
      };
    },
    [mission, rows, drawn],
  );
  useSyncExternalStore(subscribe, () => drawn.version);
  return drawn.count;
}

async function readEntries(
  mission: Mission,
  taskId: string,
  first: FirstEnd,
  signal: AbortSignal,
  onPage: (page: TranscriptPage) => void,
): Promise<void> {
  const order = first === "oldest" ? "asc" : "desc";
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ order, limit: String(PAGE) });
    if (cursor !== null) query.set(first === "oldest" ? "after" : "before", cursor);
    const path = `/api/tasks/${encodeURIComponent(taskId)}/transcript?${query}`;
    const page: TranscriptPage = await mission.api.get(path, signal);
    onPage(page);
    cursor = page.nextCursor;
  } while (cursor !== null);
}

/** The events that stand between the entries, oldest first. */
async function readMilestones(mission: Mission, taskId: string, signal: AbortSignal): Promise<LogEvent[]> {
  const events: LogEvent[] = [];
  let before: string | null = null;
  for (let page = 0; page < MOST_MILESTONE_PAGES; page++) {
    const read = await readHistory(mission, taskId, MILESTONES.join(","), before, signal);
    events.push(...read.items);
    before = read.nextCursor;
    if (before === null) break;
  }
  return events.reverse();
}

/** The last plain reports, oldest first: all there is of an agent that sends no entries. */
async function readProgress(mission: Mission, taskId: string, signal: AbortSignal): Promise<LogEvent[]> {
  return (await readHistory(mission, taskId, "activity", null, signal)).items.reverse();
}

function readHistory(
  mission: Mission,
  taskId: string,
  types: string,
  before: string | null,
  signal: AbortSignal,
): Promise<{ items: LogEvent[]; nextCursor: string | null }> {
  const query = new URLSearchParams({ taskId, types, limit: String(PAGE) });
  if (before !== null) query.set("before", before);
  return mission.api.get(`/api/events/history?${query}`, signal);
}
