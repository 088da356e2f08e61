import { useEffect } from "react";

/**
 * Keeps the keyboard's place when what has the focus goes away: a card that moves to another column, an entry that
 * somebody else deals with, a button that no longer applies. The focus goes to the same thing elsewhere on the page, by its
 * id; where that is gone, to what stands in its place; or else to the nearest part around it that takes the focus.
 */
export function useKeptFocus(): void {
  useEffect(keepFocus, []);
}

/** How things on a page are named, by ids that outlive the elements they are drawn with. */
const NAMES = ["data-task", "data-waits", "data-row"] as const;
const NAMED = NAMES.map((name) => `[${name}]`).join();
const OVERLAYS = "[role='dialog'], [role='menu']";

/** The thing on the page that the keyboard is at. */
interface Place {
  item: Element;
  name: (typeof NAMES)[number];
  id: string;
  /** What stood beside it in the list that it was in before, since it has moved. */
  former: Element | null;
}

function keepFocus(): () => void {
  /** What had the focus last on the page itself, and what it stood in. */
  let last: HTMLElement | null = null;
  let around: HTMLElement[] = [];
  /** The thing that was at, also while a panel beside it or something over the page has the focus. */
  let place: Place | null = null;
  /** Something that lies over the page has had the focus since. */
  let overlaid = false;
  const onFocusIn = ({ target }: FocusEvent) => {
    if (!(target instanceof HTMLElement)) return;
    overlaid = target.closest(OVERLAYS) !== null;
    if (overlaid) return;
    last = target;
    around = ancestorsOf(target);
    const item = target.closest(NAMED);
    if (item) place = placeOf(item, null);
    else if (!target.closest("aside")) place = null;
  };
  // Whoever clicks at nothing has put the focus there.
  const onPointerDown = ({ target }: PointerEvent) => {
    if (!(target instanceof Element) || target.closest(OVERLAYS)) return;
    last = null;
    around = [];
    if (!target.closest("aside")) place = null;
  };
  const restore = () => {
    if (document.activeElement !== document.body || document.querySelector(OVERLAYS)) return;
    if (!last && !overlaid) return;
    const parts = around.filter((element) => element.isConnected && element.hasAttribute("tabindex"));
    const candidates = [last, place && stopOf(place.item), ...parts, document.querySelector("main")];
    for (const next of candidates) {
      if (!next?.isConnected || next.matches(":disabled")) continue;
      next.focus({ preventScroll: next.matches("main") });
      if (document.activeElement === next) return;
    }
  };
  const changed = new MutationObserver((records) => {
    if (place) place = whereIs(place, records);
    restore();
    // The browser takes the focus from a button that cannot be pressed any more with its next drawing.
    if (last?.matches(":disabled")) requestAnimationFrame(() => requestAnimationFrame(restore));
  });
  changed.observe(document.body, { childList: true, subtree: true, attributeFilter: ["disabled"] });
  document.addEventListener("focusin", onFocusIn);
  document.addEventListener("pointerdown", onPointerDown);
  return () => {
    changed.disconnect();
    document.removeEventListener("focusin", onFocusIn);
    document.removeEventListener("pointerdown", onPointerDown);
  };
}

function placeOf(item: Element, former: Element | null): Place | null {
  const name = NAMES.find((one) => item.hasAttribute(one));
  return name ? { item, name, id: item.getAttribute(name) ?? "", former } : null;
}

/** Where a thing is after a change of the page: as it was, drawn again elsewhere, or what stands in its place. */
function whereIs(place: Place, records: readonly MutationRecord[]): Place | null {
  // A row of several events is named by its latest.
  if (place.item.isConnected) return placeOf(place.item, place.former);
  const beside = neighbourOf(place, records) ?? place.former;
  const moved = document.querySelector(`[${place.name}="${CSS.escape(place.id)}"]`);
  if (moved) return placeOf(moved, beside);
  // One that only came by a list stood alone in it.
  return beside?.isConnected ? placeOf(beside, null) : null;
}

/** The nearest thing after one that was taken out of a list, or else before it. */
function neighbourOf({ item, name }: Place, records: readonly MutationRecord[]): Element | null {
  const removalOf = (node: Node) => records.find(({ removedNodes }) => [...removedNodes].includes(node));
  const removal = removalOf(item);
  for (const side of ["nextSibling", "previousSibling"] as const) {
    let node = removal?.[side] ?? null;
    // What stood beside it may have gone with it.
    while (node && !(node instanceof Element && node.isConnected && node.hasAttribute(name))) {
      node = (node.isConnected ? node[side] : removalOf(node)?.[side]) ?? null;
    }
    if (node) return node;
  }
  return null;
}

/** What of a thing takes the focus. */
function stopOf(item: Element): HTMLElement | null {
  return item.matches("a, [tabindex]") ? (item as HTMLElement) : item.querySelector("a");
}

function ancestorsOf(element: Element): HTMLElement[] {
  const found: HTMLElement[] = [];
  for (let one = element.parentElement; one; one = one.parentElement) found.push(one);
  return found;
}
