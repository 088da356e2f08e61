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

/** What a key press asks for, on whatever page. */
export type PageAct = "palette" | "shortcuts" | "create" | { go: (typeof GO_KEYS)[keyof typeof GO_KEYS] };

/** Keys that are held while another is pressed, and are none by themselves. */
const MODIFIERS: ReadonlySet<string> = new Set(["Shift", "Control", "Alt", "Meta", "CapsLock"]);

/** Reads the keys that work on every page, some of which are two, one after the other. */
export class PageKeys {
  #goUntil = Number.NEGATIVE_INFINITY;

  /**
   * @param now milliseconds that only ever grow
   * @returns what is asked for; null where the key is not the page's, or is the first of two
   */
  press(event: KeyboardEvent, now: number): PageAct | null {
    if (event.repeat || MODIFIERS.has(event.key)) return null;
    const isGoing = now < this.#goUntil;
    this.#goUntil = Number.NEGATIVE_INFINITY;
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey) {
      return "palette";
    }
    if (!isPageKey(event)) return null;
    if (isGoing && Object.hasOwn(GO_KEYS, event.key)) {
      return { go: GO_KEYS[event.key as keyof typeof GO_KEYS] };
    }
    if (event.key === "g") this.#goUntil = now + SEQUENCE_MS;
    return event.key === "?" ? "shortcuts" : event.key === "c" ? "create" : null;
  }
}

/** The keys that work on every page. */
export function useShortcuts(actions: { openPalette(): void; openShortcuts(): void }): void {
  const navigate = useNavigate();
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const keys = new PageKeys();
    const onKey = (event: KeyboardEvent) => {
      const act = keys.press(event, performance.now());
      if (act === null) return;
      event.preventDefault();
      if (act === "palette") latest.current.openPalette();
      else if (act === "shortcuts") latest.current.openShortcuts();
      else if (act === "create") void navigate({ to: "/board", search: { create: "one" } });
      else void navigate({ to: act.go });
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [navigate]);
}
