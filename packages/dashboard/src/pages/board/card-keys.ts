import { useEffect } from "react";
import { isPageKey } from "../../app/shortcuts.ts";

const CARD_KEYS: Record<string, readonly [across: number, down: number]> = {
  ArrowUp: [0, -1],
  k: [0, -1],
  ArrowDown: [0, 1],
  j: [0, 1],
  ArrowLeft: [-1, 0],
  h: [-1, 0],
  ArrowRight: [1, 0],
  l: [1, 0],
};

/** The arrow keys go from card to card, and from column to column past empty ones; j and k begin at the first card. */
export function useCardKeys(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const step = CARD_KEYS[event.key];
      // While a card is carried, the arrows carry it.
      if (!step || !isPageKey(event) || document.querySelector("[data-dragging='true']")) return;
      const columns = [...document.querySelectorAll("section[data-status]")]
        .map((column) => [...column.querySelectorAll("[data-task]")])
        .filter((cards) => cards.length > 0);
      const card = document.activeElement?.closest("[data-task]") ?? null;
      if (!card && event.key.startsWith("Arrow")) return;
      const next = nextCard(columns, card, step);
      if (!next) return;
      event.preventDefault();
      next.querySelector("a")?.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

/**
 * The card that a step leads to; undefined where there is none. Across, it is the one of the same height in the next
 * column, or its last.
 * @param columns those that have cards, from left to right
 * @param card where the step begins; from nowhere it leads to the first card
 */
export function nextCard<Card>(
  columns: readonly (readonly Card[])[],
  card: Card | null,
  [across, down]: readonly [across: number, down: number],
): Card | undefined {
  const from = card === null ? -1 : columns.findIndex((cards) => cards.includes(card));
  const own = columns[from];
  if (card === null || !own) return columns[0]?.[0];
  const at = own.indexOf(card);
  if (across === 0) return own[at + down];
  const cards = columns[Math.max(0, from + across)];
  return cards?.[Math.min(at, cards.length - 1)];
}
