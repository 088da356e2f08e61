/** A piece of a text: what somebody looks for, or what stands between. */
export interface MarkedPiece {
  text: string;
  marked: boolean;
  /** Where it stands in the text. */
  at: number;
}

/** Splits a text by the places where words stand; case does not matter. */
export function markedPieces(text: string, words: string): MarkedPiece[] {
  const needle = words.trim();
  const pieces: MarkedPiece[] = [];
  let last = 0;
  if (needle !== "") {
    // A pattern, not a comparison in lower case: that of some letters is longer than they are.
    const pattern = new RegExp(needle.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "giu");
    for (const { 0: found, index } of text.matchAll(pattern)) {
      if (index > last) pieces.push({ text: text.slice(last, index), marked: false, at: last });
      pieces.push({ text: found, marked: true, at: index });
      last = index + found.length;
    }
  }
  if (last < text.length) pieces.push({ text: text.slice(last), marked: false, at: last });
  return pieces;
}
