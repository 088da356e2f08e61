/** What scrolls an element: the page or the panel it is in, each of which scrolls as one. */
export function scrollerOf(element: HTMLElement | null): HTMLElement | null {
  return element?.closest<HTMLElement>("main, aside") ?? null;
}

/** How far below the top of what scrolls an element stands, wherever that is scrolled to. */
export function topIn(scroller: HTMLElement | null, element: HTMLElement): number {
  let top = 0;
  for (
    let at: HTMLElement | null = element;
    at && at !== scroller;
    at = at.offsetParent as HTMLElement | null
  ) {
    top += at.offsetTop;
  }
  return top;
}
