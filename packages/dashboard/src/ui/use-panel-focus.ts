import { type RefObject, useEffect, useRef } from "react";

/**
 * Gives a panel the focus when it opens, and gives it back when it closes, unless it went elsewhere meanwhile.
 * @param opener where the focus goes back to: a selector of what opened the panel
 */
export function usePanelFocus(opener: string): RefObject<HTMLElement | null> {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    panel.current?.focus({ preventScroll: true });
    return () => {
      if (document.activeElement !== document.body) return;
      document.querySelector<HTMLElement>(opener)?.focus();
    };
  }, [opener]);
  return panel;
}
