/** What stands alone on its line and says nothing by itself: fences of code, rules, the line under a table's head. */
const BARE_LINES =
  /^[ \t]*(?:(?:```|~~~).*|[-*_](?:[ \t]*[-*_]){2,}|\|?(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*:?-*:?)[ \t]*$/gm;
const BLOCK_MARKS = /^[ \t]*(?:#{1,6}|[-*+>]|\d+[.)])\s+(?:\[[ xX]\]\s+)?/gm;
/** A row of a table, with its pipes at both ends. */
const TABLE_ROW = /^[ \t]*\|(.*)\|[ \t]*$/gm;
/** `[words](address)` and `![words](address)`. */
const LINK = /!?\[([^\]]*)\]\([^)\s]*(?:\s+"[^"]*")?\)/g;
const STRONG = /(\*\*|__|~~)(?=\S)(.*?\S)\1/g;
const EMPHASIS = /(?<![\w*])\*(?=[^\s*])([^*]*[^\s*])\*(?![\w*])/g;

/** Characters that are looked at: more than any such place shows. */
const READ = 2_000;

/** Markdown as one line of plain words, for places too small to render it; of a long text, its beginning. */
export function plainLine(markdown: string | undefined): string | undefined {
  return markdown
    ?.slice(0, READ)
    .replace(BARE_LINES, "")
    .replace(TABLE_ROW, (_, cells: string) =>
      cells
        .split("|")
        .map((cell) => cell.trim())
        .filter(Boolean)
        .join(", "),
    )
    .replace(BLOCK_MARKS, "")
    .replace(LINK, "$1")
    .replace(STRONG, "$2")
    .replace(EMPHASIS, "$1")
    .replaceAll("`", "")
    .replace(/\s+/g, " ")
    .trim();
}
