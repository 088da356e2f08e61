import type { PermissionRequest, TranscriptEntry } from "@mission-control/protocol";
import { withoutSequences } from "../../../text/ansi.ts";
import { wordsPattern } from "../../../text/marked.ts";
import type { TranscriptRow } from "./rows.ts";

/** Everything a row says, as it is searched: open or folded. */
function rowText(row: TranscriptRow): string {
  if (row.kind === "event") {
    const request = row.event.data.request as PermissionRequest | undefined;
    return lines(row.event.message, row.event.lastState, request?.title, request?.diff);
  }
  return entryText(row.entry);
}

function entryText(entry: TranscriptEntry): string {
  switch (entry.kind) {
    case "message":
    case "thought":
      return entry.text ?? "";
    case "tool": {
      const { name, title, input, output } = entry;
      const given = typeof input === "object" ? JSON.stringify(input) : input;
      return lines(name, title, given, output && withoutSequences(output));
    }
    case "plan":
      return lines(...(entry.steps ?? []).map(({ title }) => title));
    case "file":
      return lines(entry.path, entry.diff);
  }
}

/** The rows that say some words, by their keys; case does not matter. */
export function findRows(rows: readonly TranscriptRow[], words: string): TranscriptRow[] {
  const needle = words.trim();
  if (needle === "") return [];
  const pattern = wordsPattern(needle, "iu");
  return rows.filter((row) => pattern.test(rowText(row)));
}

/**
 * The match after the one that is looked at, or before it; round the ends.
 * @param at the match that is looked at; -1 before the first: then it is the first, or the last
 */
export function stepInRows(
  matches: readonly TranscriptRow[],
  at: number,
  by: 1 | -1,
): TranscriptRow | undefined {
  return matches[at + by] ?? matches.at(by > 0 ? 0 : -1);
}

function lines(...texts: (string | undefined)[]): string {
  return texts.filter(Boolean).join("\n");
}
