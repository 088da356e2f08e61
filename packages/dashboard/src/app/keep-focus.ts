import { useEffect } from "react";

/**
 * Keeps the keyboard's place when what has the focus goes away: a card that moves to another column, a button that
 * no longer applies. The focus goes to the same task elsewhere on the page, or else to the nearest part around it that
 * is still there and takes the focus.
 */
export function useKeptFocus(): void {
  useEffect(() => {
    /** What had the focus last on the page itself, and what it stood in. */
    let last: Element | null = null;
    let around: Element[] = [];
    /** Something that lies over the page has had it since. */
    let overlaid = false;
    const onFocusIn = ({ target }: FocusEvent) => {
      if (!(target instanceof Element)) return;
      overlaid = target.closest(OVERLAYS) !== null;
      if (overlaid) return;
      last = target;
      around = ancestorsOf(target);
    };
    // Whoever clicks at nothing has put the focus there.
    const onPointerDown = ({ target }: PointerEvent) => {
      if (target instanceof Element && target.closest(OVERLAYS)) return;
      last = null;
      around = [];
    };
    const check = () => {
      if (document.activeElement !== document.body || document.querySelector(OVERLAYS)) return;
      if (last ? last.isConnected : !overlaid) return;
      const task = around.find((element) => element.hasAttribute("data-task"))?.getAttribute("data-task");
      const again = task ? document.querySelector<HTMLElement>(`[data-task="${CSS.escape(task)}"] a`) : null;
      const part = around.find((element) => element.isConnected && element.hasAttribute("tabindex"));
      const next = again ?? (part as HTMLElement | undefined) ?? document.querySelector("main");
      next?.focus({ preventScroll: next !== again });
    };
    const changed = new MutationObserver(check);
    changed.observe(document.body, { childList: true, subtree: true });
    document.addEventListener("focusin", onFocusIn);
    document.addEventListener("pointerdown", onPointerDown);
    return () => {
      changed.disconnect();
      document.removeEventListener("focusin", onFocusIn);
      document.removeEventListener("pointerdown", onPointerDown);
    };
  }, []);
}

const OVERLAYS = "[role='dialog'], [role='menu']";

function ancestorsOf(element: Element): Element[] {
  const found: Element[] = [];
  for (let one = element.parentElement; one; one = one.parentElement) found.push(one);
  return found;
}
