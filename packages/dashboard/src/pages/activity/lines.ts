import type { FeedRow } from "../../store/feed.ts";
import type { HeldEvent } from "../../store/held-event.ts";

/** What is drawn in one line of the list: a row by its latest event, or an earlier event of a row that is unfolded. */
export interface FeedLine {
  key: number;
  event: HeldEvent;
  row: FeedRow;
  /** It is an earlier event of its row. */
  folded: boolean;
}

/** The lines of a list, newest first, by their number. */
export interface FeedLines {
  count: number;
  at(index: number): FeedLine | undefined;
}

/**
 * The lines of rows, which come oldest first.
 * @param unfolded the keys of the rows whose earlier events are shown
 */
export function linesOf(rows: readonly FeedRow[], unfolded: ReadonlySet<number>): FeedLines {
  const rowAt = (index: number) => rows[rows.length - 1 - index];
  if (unfolded.size === 0) {
    return {
      count: rows.length,
      at: (index) => {
        const row = rowAt(index);
        return row && { key: row.key, event: row.latest, row, folded: false };
      },
    };
  }
  const lines: FeedLine[] = [];
  for (let index = 0; index < rows.length; index++) {
    const row = rowAt(index) as FeedRow;
    lines.push({ key: row.key, event: row.latest, row, folded: false });
    if (!unfolded.has(row.key)) continue;
    for (let at = row.count - 1; at >= 0; at--) {
      const event = row.events[at] as HeldEvent;
      if (event === row.latest) continue;
      // The row has the key of its first event; fractions are nobody's.
      lines.push({ key: event.id + 0.5, event, row, folded: true });
    }
  }
  return { count: lines.length, at: (index) => lines[index] };
}
