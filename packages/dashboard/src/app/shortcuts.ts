import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";

/** Keys after `g` that go to a page. */
export const GO_KEYS = {
  a: "/",
  n: "/inbox",
  b: "/board",
  g: "/agents",
  w: "/gateways",
  h: "/webhooks",
  i: "/insights",
  s: "/settings",
} as const;

const SEQUENCE_MS = 1_500;

/** Whether a key press is meant for the page, not for a field somebody types in. */
export function isPageKey(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return false;
  const target = event.target as HTMLElement | null;
  return !target?.closest("input, textarea, select, [contenteditable], [role='dialog'], [role='menu']");
}

/** The keys that work on every page. */
export function useShortcuts(actions: { openPalette(): void; openShortcuts(): void }): void {
  const navigate = useNavigate();
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    let goUntil = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey) {
        event.preventDefault();
        latest.current.openPalette();
        return;
      }
      if (!isPageKey(event)) return;
      if (performance.now() < goUntil && event.key in GO_KEYS) {
        event.preventDefault();
        goUntil = 0;
        void navigate({ to: GO_KEYS[event.key as keyof typeof GO_KEYS] });
      } else if (event.key === "g") {
        goUntil = performance.now() + SEQUENCE_MS;
      } else if (event.key === "?") {
        event.preventDefault();
        latest.current.openShortcuts();
      } else if (event.key === "c") {
        event.preventDefault();
        void navigate({ to: "/board", search: { create: "one" } });
      }
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [navigate]);
}
