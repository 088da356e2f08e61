/**
 * Characters that show nothing themselves but change how the text around them reads: controls, bidirectional
 * overrides and isolates, zero-width spaces, tags. Line breaks and tabs hide nothing; joiners (U+200C, U+200D) stay,
 * as scripts and emoji need them.
 */
const INVISIBLE = /(?!\r\n|[\n\t\u200C\u200D])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A piece of somebody else's text: as it is, or a hidden character's name. */
export interface Piece {
  text: string;
  hidden: boolean;
  /** Where it stands in the text. */
  at: number;
}

/** Splits foreign text so that what it hides can be shown. */
export function visiblePieces(foreign: string): Piece[] {
  const pieces: Piece[] = [];
  let last = 0;
  for (const { 0: character, index } of foreign.matchAll(INVISIBLE)) {
    if (index > last) pieces.push({ text: foreign.slice(last, index), hidden: false, at: last });
    pieces.push({ text: codeName(character), hidden: true, at: index });
    last = index + character.length;
  }
  if (last < foreign.length) pieces.push({ text: foreign.slice(last), hidden: false, at: last });
  return pieces;
}

/** The same as one string, for places that take nothing else (titles, notifications). */
export function visibleText(foreign: string): string {
  return visiblePieces(foreign)
    .map(({ text, hidden }) => (hidden ? `[${text}]` : text))
    .join("");
}

function codeName(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
