import type { Json } from "./common.ts";
import type { Entry } from "./entries.ts";

/** Where a text that was looked for stands: in which of an entry's texts, between which UTF-16 units of it. */
export interface EntryMatch {
  /** `output`, `input.command`, `steps.0.title`, … */
  path: string;
  start: number;
  /** Behind its last unit. */
  end: number;
}

/** Fields that are words of the contract, or name the entry: nobody looks for them. */
const NOT_SEARCHED: ReadonlySet<string> = new Set(["id", "kind", "role", "state", "change"]);

/** Every text of an entry that a search looks through, with its path. */
export function entryTexts(entry: Entry): [path: string, text: string][] {
  const texts: [string, string][] = [];
  for (const [name, value] of Object.entries(entry)) {
    if (!NOT_SEARCHED.has(name) && value !== undefined) collect(name, value as Json, texts);
  }
  return texts;
}

function collect(path: string, value: Json, texts: [string, string][]): void {
  if (typeof value === "string") texts.push([path, value]);
  if (typeof value !== "object" || value === null) return;
  for (const [name, child] of Object.entries(value)) collect(`${path}.${name}`, child, texts);
}

/**
 * Where an entry has a text, whatever the case of its letters.
 * @param limit how many places are told at most
 */
export function entryMatches(entry: Entry, q: string, limit = 20): EntryMatch[] {
  const expression = new RegExp(q.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), "giu");
  const matches: EntryMatch[] = [];
  for (const [path, text] of entryTexts(entry)) {
    for (const { index, 0: found } of text.matchAll(expression)) {
      matches.push({ path, start: index, end: index + found.length });
      if (matches.length === limit) return matches;
    }
  }
  return matches;
}
