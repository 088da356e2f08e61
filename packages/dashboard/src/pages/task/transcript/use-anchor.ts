import type { Virtualizer } from "@tanstack/react-virtual";
import { type RefObject, useLayoutEffect, useRef } from "react";
import type { TranscriptRows } from "./rows.ts";
import { scrollerOf } from "./scroller.ts";

/** The first row on the screen, by its event, and how far it is from the top. */
interface Anchor {
  eventId: number;
  index: number;
  distance: number;
}

/** Keeps what somebody reads where it is while older rows come in above it. */
export function useAnchor(
  list: RefObject<HTMLElement | null>,
  virtualizer: Virtualizer<HTMLElement, Element>,
  rows: TranscriptRows,
): void {
  const anchor = useRef<Anchor | null>(null);
  useLayoutEffect(() => {
    const scroller = scrollerOf(list.current);
    if (!scroller) return;
    const before = anchor.current;
    const index = before ? rows.indexOf(before.eventId) : -1;
    if (before && index !== before.index && rows.all[index]?.eventId === before.eventId) {
      const start = virtualizer.measurementsCache[index]?.start;
      if (start !== undefined) scroller.scrollTop = start - before.distance;
    }
    const top = scroller.scrollTop;
    const first = virtualizer.getVirtualItems().find(({ end }) => end > top);
    const row = first && rows.all[first.index];
    anchor.current = row ? { eventId: row.eventId, index: first.index, distance: first.start - top } : null;
  });
}
