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
      const [across, down] = step;
      const columns = [...document.querySelectorAll("section[data-status]")]
        .map((column) => [...column.querySelectorAll("[data-task]")])
        .filter((cards) => cards.length > 0);
      const card = document.activeElement?.closest("[data-task]") ?? null;
      const from = columns.findIndex((cards) => card && cards.includes(card));
      if (!card && event.key.startsWith("Arrow")) return;
      const at = (card && columns[from]?.indexOf(card)) ?? -down;
      const cards = columns[Math.max(0, from + across)];
      const next =
        across === 0 ? columns[Math.max(0, from)]?.[at + down] : cards?.[Math.min(at, cards.length - 1)];
      if (!next) return;
      event.preventDefault();
      next.querySelector("a")?.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}
