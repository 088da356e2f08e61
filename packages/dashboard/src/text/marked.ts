/** A piece of a text: what somebody looks for, or what stands between. */
export interface MarkedPiece {
  text: string;
  marked: boolean;
  /** Where it stands in the text. */
  at: number;
}

/** Matches words where they stand. A pattern, not a comparison in lower case: that of some letters is longer than they are. */
export function wordsPattern(words: string, flags: "iu" | "giu"): RegExp {
  return new RegExp(words.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), flags);
}

/** Splits a text by the places where words stand; case does not matter. */
export function markedPieces(text: string, words: string): MarkedPiece[] {
  const needle = words.trim();
  const pieces: MarkedPiece[] = [];
  let last = 0;
  if (needle !== "") {
    const pattern = wordsPattern(needle, "giu");
    for (const { 0: found, index } of text.matchAll(pattern)) {
      if (index > last) pieces.push({ text: text.slice(last, index), marked: false, at: last });
      pieces.push({ text: found, marked: true, at: index });
      last = index + found.length;
    }
  }
  if (last < text.length) pieces.push({ text: text.slice(last), marked: false, at: last });
  return pieces;
}
