import { padded, textWidth } from "./text-width.ts";

/*
 * Everything a command says passes through here, the one place that keeps a terminal safe from it: titles, names and
 * results were written by others, and may hold escape sequences, bells, or characters that turn a line around.
 */

/** Control (Cc) and format (Cf) characters of Unicode, but for line breaks and the joiners that scripts and emoji need. */
const UNSAFE = /[[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]--[\n\u200c\u200d]]+/gv;

/** Colours and other looks of a terminal (SGR of ECMA-48), as programs print them: they say nothing without them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const LOOKS = /(?:\u001b\[|\u009b)[\d;:]*m/g;

/** Writes text for people to the standard output: a line, or several with line breaks between them. */
export function print(text: string): void {
  process.stdout.write(`${withoutUnsafe(text)}\n`);
}

/** Writes a value for programs to the standard output, as JSON on one line. */
export function printJson(value: unknown): void {
  // What JSON.stringify has not escaped by itself stands within strings, where an escape means the same.
  const json = JSON.stringify(value).replaceAll(UNSAFE, (run) => run.split("").map(jsonEscape).join(""));
  process.stdout.write(`${json}\n`);
}

/** Writes what is not the command's result, such as that it is connecting again, to the standard error. */
export function notice(text: string): void {
  process.stderr.write(`${withoutUnsafe(text)}\n`);
}

/** Says why the event stream was lost, while it is opened again. */
export function noticeLostStream(reason: string): void {
  notice(`Lost the event stream: ${reason.replace(/\.$/, "")}; connecting again.`);
}

/** Text that others wrote, as part of a line: its line breaks are spaces. */
export function oneLine(text: string): string {
  return withoutUnsafe(text)
    .replaceAll(/\s*\n\s*/g, " ")
    .trim();
}

/** Text that others wrote, with its lines, in which control and format characters are seen instead of doing what they do. */
export function visible(text: string): string {
  return text
    .replaceAll(LOOKS, "")
    .replaceAll("\r\n", "\n")
    .replaceAll("\t", "    ")
    .replaceAll(UNSAFE, (run) => Array.from(run, pictureOf).join(""));
}

/** A control character's picture (Unicode, "Control Pictures"); for others their code point. */
function pictureOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return code === 0x7f ? "\u2421" : `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
}

function withoutUnsafe(text: string): string {
  return text.replaceAll(LOOKS, "").replaceAll("\r\n", "\n").replaceAll(UNSAFE, " ");
}

function jsonEscape(codeUnit: string): string {
  return `\\u${codeUnit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Text as one word of a command line of a POSIX shell: as it is where nothing in it means anything to one. */
export function shellWord(text: string): string {
  const word = oneLine(text);
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A number of bytes as people read it: "12 B", "3.4 kB". */
export function sizeOf(bytes: number): string {
  const units = ["B", "kB", "MB", "GB"];
  let size = bytes;
  let unit = 0;
  for (; size >= 1000 && unit < units.length - 1; unit++) size /= 1000;
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`;
}

/** Rows with their columns aligned; the last column is as long as it is. */
export function table(cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map(oneLine));
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries())
      widths[column] = Math.max(widths[column] ?? 0, textWidth(cell));
  }
  return rows
    .map((row) =>
      row
        .map((cell, column) => padded(cell, widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
