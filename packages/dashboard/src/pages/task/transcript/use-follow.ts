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
 * Keeps the end of a list on the screen while it grows, until somebody scrolls up to read; then nothing moves, nor does what
 * is read from its top, however much of it is on the screen at first.
 * @param end what stands behind the list
 * @param newest its newest row, by its event
 */
export function useFollow(end: RefObject<HTMLElement | null>, newest: number, begin: Beginning): Follow {
  const [isAtEnd, setIsAtEnd] = useState(begin === "end");
  const [seen, setSeen] = useState(newest);
  const following = useRef(begin === "end");
  const known = useRef({ isAtEnd, newest });
  known.current.newest = newest;
  const note = useCallback((next: boolean) => {
    if (next === known.current.isAtEnd) return;
    known.current.isAtEnd = next;
    setIsAtEnd(next);
    setSeen(known.current.newest);
  }, []);
  useEffect(() => {
    const scroller = scrollerOf(end.current);
    if (!scroller) return;
    let before = scroller.scrollTop;
    const onScroll = () => {
      const { scrollTop } = scroller;
      // To scroll down is never to leave the end: it may only have moved on meanwhile.
      following.current = isEndInView(end) || (following.current && scrollTop >= before);
      before = scrollTop;
      note(following.current);
    };
    scroller.addEventListener("scroll", onScroll, { passive: true });
    return () => scroller.removeEventListener("scroll", onScroll);
  }, [end, note]);
  // Rows grow when they are measured, too: after every drawing, the end is where it belongs.
  useLayoutEffect(() => {
    if (following.current) scrollTo(end);
    else note(isEndInView(end));
  });
  const toEnd = useCallback(() => {
    following.current = true;
    note(true);
    scrollTo(end);
  }, [end, note]);
  return { isAtEnd, seen, toEnd };
}

function isEndInView(end: RefObject<HTMLElement | null>): boolean {
  const scroller = scrollerOf(end.current);
  return scroller !== null && scroller.scrollTop >= endTop(end) - NEAR;
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
