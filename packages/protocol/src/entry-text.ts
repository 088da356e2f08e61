/**
 * How much of a text in an entry is kept, in bytes of UTF-8: a longer one as its first and its last half as many
 * (docs/contract.md, section 4).
 */
export const MAX_ENTRY_TEXT_BYTES = 32 * 1024;

/** Stands where the middle of a text was left out. */
const MARK = /\n\[… \d+ bytes left out …\]\n/;

/**
 * A text as an entry keeps it: whole, or its beginning and its end, cut between characters, with a mark between them
 * that says how many bytes are missing. One that was shortened so before stays as it is.
 * @param limit how many bytes of the text itself may stay
 */
export function shortened(text: string, limit = MAX_ENTRY_TEXT_BYTES): string {
  // A UTF-16 unit takes three bytes at most.
  if (text.length * 3 <= limit || utf8Length(text) <= limit) return text;
  const half = Math.floor(limit / 2);
  const mark = MARK.exec(text);
  if (mark) {
    const before = text.slice(0, mark.index);
    const after = text.slice(mark.index + mark[0].length);
    if (utf8Length(before) <= half && utf8Length(after) <= half) return text;
  }
  const head = text.slice(0, endOfFirst(text, half));
  const tail = text.slice(startOfLast(text, half));
  const leftOut = utf8Length(text) - utf8Length(head) - utf8Length(tail);
  return `${head}\n[… ${leftOut} bytes left out …]\n${tail}`;
}

/** How many bytes a text takes in UTF-8. */
function utf8Length(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index++) {
    const size = sizeAt(text, index);
    bytes += size;
    if (size === 4) index++;
  }
  return bytes;
}

/** Where the first `limit` bytes of a text end, at the last border between characters. */
function endOfFirst(text: string, limit: number): number {
  let bytes = 0;
  let index = 0;
  while (index < text.length) {
    const size = sizeAt(text, index);
    bytes += size;
    if (bytes > limit) break;
    index += size === 4 ? 2 : 1;
  }
  return index;
}

/** Where the last `limit` bytes of a text begin, at the first border between characters. */
function startOfLast(text: string, limit: number): number {
  let bytes = 0;
  let index = text.length;
  while (index > 0) {
    const previous =
      isLow(text.charCodeAt(index - 1)) && sizeAt(text, index - 2) === 4 ? index - 2 : index - 1;
    bytes += sizeAt(text, previous);
    if (bytes > limit) break;
    index = previous;
  }
  return index;
}

/** How many bytes the character that begins at a UTF-16 unit takes: four for a surrogate pair, from its first half. */
function sizeAt(text: string, index: number): 1 | 2 | 3 | 4 {
  const unit = text.charCodeAt(index);
  if (unit < 0x80) return 1;
  if (unit < 0x800) return 2;
  return unit >= 0xd800 && unit < 0xdc00 && isLow(text.charCodeAt(index + 1)) ? 4 : 3;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
