import { type RefObject, useEffect, useRef } from "react";

/**
 * Closes a part that lies over the page when something beside it is pressed, and by Escape, which gives the focus back to
 * the button that opens it: the first in the part.
 */
export function useDismissal(part: RefObject<HTMLElement | null>, isOpen: () => boolean, close: () => void) {
  const latest = useRef({ isOpen, close });
  latest.current = { isOpen, close };
  useEffect(() => {
    const onPointer = ({ target }: PointerEvent) => {
      if (latest.current.isOpen() && !part.current?.contains(target as Node)) latest.current.close();
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || !latest.current.isOpen()) return;
      event.preventDefault();
      latest.current.close();
      part.current?.querySelector<HTMLElement>("summary, [aria-expanded]")?.focus();
    };
    addEventListener("pointerdown", onPointer);
    addEventListener("keydown", onKey, true);
    return () => {
      removeEventListener("pointerdown", onPointer);
      removeEventListener("keydown", onKey, true);
    };
  }, [part]);
}
