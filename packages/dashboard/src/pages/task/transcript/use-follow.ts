import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { scrollerOf, topIn } from "./scroller.ts";

/** Whoever is this near the end is at it, in pixels. */
const NEAR = 48;

/** Whether the end is on the screen and stays there, and what has come since it is not. */
export interface Follow {
  isAtEnd: boolean;
  /** Rows that came since somebody scrolled away from the end. */
  fresh: number;
  toEnd(): void;
}

/**
 * Keeps the end of a list on the screen while it grows, until somebody scrolls up to read; then nothing moves.
 * @param end what stands behind the list
 * @param count its rows
 * @param beginAtEnd whether the end is what is wanted first
 */
export function useFollow(end: RefObject<HTMLElement | null>, count: number, beginAtEnd: boolean): Follow {
  const [isAtEnd, setIsAtEnd] = useState(beginAtEnd);
  const [seen, setSeen] = useState(count);
  const following = useRef(beginAtEnd);
  const latest = useRef(count);
  latest.current = count;
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
    onScroll();
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
  return { isAtEnd, fresh: isAtEnd ? 0 : Math.max(0, count - seen), toEnd };
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
