import { type RefObject, useEffect } from "react";
import { wordsPattern } from "../../../text/marked.ts";

const NAME = "found";

/**
 * Marks words wherever they stand on the screen, in whatever they are drawn: the browser paints the marks, the page
 * stays as it is. A browser that cannot still shows which rows match.
 */
export function useHighlight(element: RefObject<HTMLElement | null>, words: string): void {
  // Rows come and go with every drawing: what is marked is found again after each.
  useEffect(() => {
    if (typeof Highlight === "undefined") return;
    const needle = words.trim();
    if (needle === "" || !element.current) return;
    CSS.highlights.set(NAME, new Highlight(...rangesIn(element.current, wordsPattern(needle, "giu"))));
    return () => {
      CSS.highlights.delete(NAME);
    };
  });
}

function* rangesIn(element: HTMLElement, pattern: RegExp): Generator<Range> {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    for (const { 0: found, index } of (node.nodeValue ?? "").matchAll(pattern)) {
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + found.length);
      yield range;
    }
  }
}
