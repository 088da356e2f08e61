/*
 * How wide text is in a terminal, in cells of its grid. East Asian ideographs, syllables and full-width forms, and emoji,
 * take two (Unicode Standard Annex #11); marks that are set on the letter before them take none.
 */

// No literal: V8 would check it, all emoji with it, when it reads this file.
const WIDE = String.raw`[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{RGI_Emoji}`;
const NARROW = /^[\u0020-\u007e]*$/;
const MARK = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;

/*
 * Made when the first text comes that needs them: Unicode's emoji and the rules for where a letter ends take 18 ms, which
 * every command would pay at its start.
 */
let wide: RegExp | undefined;
let segmenter: Intl.Segmenter | undefined;

/** The cells that a line of text takes. */
export function textWidth(text: string): number {
  if (NARROW.test(text)) return text.length;
  let cells = 0;
  for (const letter of lettersOf(text)) cells += letterWidth(letter);
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
  for (const letter of NARROW.test(text) ? text : lettersOf(text)) {
    width += letterWidth(letter);
    if (width > cells - 1) break;
    kept += letter;
  }
  return `${kept.trimEnd()}…`;
}

/** What a reader takes for one letter each, such as an emoji of several code points. */
function lettersOf(text: string): string[] {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

function letterWidth(letter: string): number {
  if (NARROW.test(letter)) return letter.length;
  if (MARK.test(letter)) return 0;
  wide ??= new RegExp(WIDE, "v");
  return wide.test(letter) ? 2 : 1;
}
