import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { scrollerOf, topIn } from "./scroller.ts";

/** Whoever is this near the end is at it, in pixels. */
const NEAR = 48;

/** Whether the end is on the screen and stays there, and what was the newest when it no longer was. */
export interface Follow {
  isAtEnd: boolean;
  /** The newest row when somebody scrolled away from the end, by its event. */
  seen: number;
  toEnd(): void;
}

/** Where a list begins: at its end, wherever that is; as it stands; or at a place that somebody else scrolls to. */
export type Beginning = "end" | "top" | "elsewhere";

/**
 * Keeps the end of a list on the screen while it grows, until somebody scrolls up to read; then nothing moves.
 * @param end what stands behind the list
 * @param newest its newest row, by its event
 */
export function useFollow(end: RefObject<HTMLElement | null>, newest: number, begin: Beginning): Follow {
  const [isAtEnd, setIsAtEnd] = useState(begin === "end");
  const [seen, setSeen] = useState(newest);
  const following = useRef(begin === "end");
  const latest = useRef(newest);
  latest.current = newest;
  const first = useRef(begin);
  useEffect(() => {
    const scroller = scrollerOf(end.current);
    if (!scroller) return;
    let before = scroller.scrollTop;
    const onScroll = () => {
      const { scrollTop } = scroller;
      // To scroll down is never to leave the end: it may only have moved on meanwhile.
      const next = scrollTop >= endTop(end) - NEAR || (following.current && scrollTop >= before);
      before = scrollTop;
      if (next === following.current) return;
      following.current = next;
      setIsAtEnd(next);
      setSeen(latest.current);
    };
    // A list that is all on the screen is at its end.
    if (first.current !== "elsewhere") onScroll();
    scroller.addEventListener("scroll", onScroll, { passive: true });
    return () => scroller.removeEventListener("scroll", onScroll);
  }, [end]);
  // Rows grow when they are measured, too: after every drawing, the end is where it belongs.
  useLayoutEffect(() => {
    if (following.current) scrollTo(end);
  });
  const toEnd = useCallback(() => {
    following.current = true;
    setIsAtEnd(true);
    scrollTo(end);
  }, [end]);
  return { isAtEnd, seen, toEnd };
}

/** Where the page is scrolled to while the end stands at the bottom of the screen. */
function endTop(end: RefObject<HTMLElement | null>): number {
  const scroller = scrollerOf(end.current);
  if (!end.current || !scroller) return 0;
  return Math.max(0, topIn(scroller, end.current) - scroller.clientHeight);
}

function scrollTo(end: RefObject<HTMLElement | null>): void {
  const scroller = scrollerOf(end.current);
  const top = endTop(end);
  // Further down is the rest of the page: whoever looks at that stays there.
  if (scroller && scroller.scrollTop < top) scroller.scrollTop = top;
}
