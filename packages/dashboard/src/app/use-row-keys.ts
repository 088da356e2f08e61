import { type RefObject, useEffect } from "react";
import { isPageKey } from "./shortcuts.ts";

const STEPS: Record<string, number> = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };

/**
 * Up and down go from row to row, as in any list; j and k wherever the focus is: from the row that is open, or to the
 * first one on the screen. While one is open, the one they go to opens in its place. Rows have `data-row`.
 */
export function useRowKeys(scroller: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const step = STEPS[event.key];
      const list = scroller.current;
      if (step === undefined || !list || !isPageKey(event)) return;
      const inside = list.contains(document.activeElement);
      if (!inside && event.key.startsWith("Arrow")) return;
      const top = list.getBoundingClientRect().top;
      const rows = [...list.querySelectorAll<HTMLElement>("[data-row]")].sort(
        (a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top,
      );
      const open = rows.findIndex((row) => row.ariaCurrent === "true");
      const at = inside ? rows.indexOf(document.activeElement as HTMLElement) : open;
      const next = at < 0 ? rows.find((row) => row.getBoundingClientRect().top >= top) : rows[at + step];
      if (!next) return;
      event.preventDefault();
      next.focus();
      if (!inside && open >= 0) next.click();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [scroller]);
}
