/*
 * How wide text is in a terminal, in cells of its grid. East Asian ideographs, syllables and full-width forms, and emoji,
 * take two (Unicode Standard Annex #11); marks that are set on the letter before them take none.
 */

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{RGI_Emoji}/v;
const NARROW = /^[\u0020-\u007e]*$/;
const MARK = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;
const letters = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The cells that a line of text takes. */
export function textWidth(text: string): number {
  if (NARROW.test(text)) return text.length;
  let cells = 0;
  for (const { segment } of letters.segment(text)) cells += letterWidth(segment);
  return cells;
}

/** Text with spaces behind it, so that it takes so many cells. */
export function padded(text: string, cells: number): string {
  return text + " ".repeat(Math.max(0, cells - textWidth(text)));
}

/** Text in at most so many cells: what is longer ends with an ellipsis. */
export function clipped(text: string, cells: number): string {
  if (textWidth(text) <= cells) return text;
  let kept = "";
  let width = 0;
  for (const { segment } of letters.segment(text)) {
    width += letterWidth(segment);
    if (width > cells - 1) break;
    kept += segment;
  }
  return `${kept.trimEnd()}…`;
}

function letterWidth(letter: string): number {
  if (MARK.test(letter)) return 0;
  return WIDE.test(letter) ? 2 : 1;
}
