import { useEffect, useMemo, useState } from "react";
import { findRows, stepInRows } from "./row-text.ts";
import type { TranscriptRow, TranscriptRows } from "./rows.ts";

/** Words are looked for this long after the last letter; and again, while new rows come in, this often. */
const AFTER_MS = 200;
const AGAIN_MS = 1_000;

/** The rows that say what somebody looks for, and which of them is looked at. */
export interface Finding {
  matches: readonly TranscriptRow[];
  /** The match that is looked at, from 0; -1 before the first. */
  at: number;
  current: TranscriptRow | undefined;
  /** Goes on to the next match, or back to the one before. */
  step(by: 1 | -1): TranscriptRow | undefined;
}

/** Finds words in a transcript, however long it is, without holding up what comes in meanwhile. */
export function useFind(rows: TranscriptRows, words: string): Finding {
  const [matches, setMatches] = useState<readonly TranscriptRow[]>([]);
  const [key, setKey] = useState<string | null>(null);
  const isSearching = words.trim() !== "";
  useEffect(() => {
    if (!isSearching) {
      setMatches([]);
      setKey(null);
      return;
    }
    let found = -1;
    const look = () => {
      if (rows.version === found) return;
      found = rows.version;
      setMatches(findRows(rows.all, words));
    };
    const first = setTimeout(look, AFTER_MS);
    const again = setInterval(look, AGAIN_MS);
    return () => {
      clearTimeout(first);
      clearInterval(again);
    };
  }, [rows, words, isSearching]);
  return useMemo(() => {
    const at = matches.findIndex((row) => row.key === key);
    return {
      matches,
      at,
      current: matches[at],
      step(by) {
        const next = stepInRows(matches, at, by);
        if (next) setKey(next.key);
        return next;
      },
    };
  }, [matches, key]);
}
