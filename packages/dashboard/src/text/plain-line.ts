const BLOCK_MARKS = /^\s*(?:#{1,6}|[-*+>]|\d+[.)])\s+/gm;
const PHRASE_MARKS = /\*\*|__|`/g;

/** Markdown as one line of plain words, for places too small to render it. */
export function plainLine(markdown: string | undefined): string | undefined {
  return markdown?.replace(BLOCK_MARKS, "").replace(PHRASE_MARKS, "").replace(/\s+/g, " ").trim();
}
