/** The eight hues of terminals. What a program asks for beyond them is shown by the nearest: it stays readable in every theme. */
export type Hue = "black" | "red" | "green" | "yellow" | "blue" | "magenta" | "cyan" | "white";

/** How a piece of a terminal's output looks. */
export interface Look {
  color?: Hue;
  background?: Hue;
  bold?: true;
  faint?: true;
  italic?: true;
  underline?: true;
  strike?: true;
  inverse?: true;
}

/** A piece of a terminal's output. */
export interface TerminalPiece {
  text: string;
  /** Where it stands in the output, its sequences included. */
  at: number;
  look: Look;
  /** It is a control sequence that this page does not carry out, by its name: `ESC[2K`. */
  isControl: boolean;
}

const HUES: readonly Hue[] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/**
 * A control sequence of ECMA-48: CSI with its parameters, an operating system command with its end (BEL or ST), or
 * another escape of two characters.
 */
const SEQUENCE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  /\u001B(?:\[([\d;:]*)([\u0020-\u003F]*[\u0040-\u007E])|\][^\u0007\u001B]{0,2048}(?:\u0007|\u001B\\)|[\u0020-\u002F]*[\u0030-\u005A\u005C\u005E-\u007E])/g;

/**
 * Splits a terminal's output into pieces of one look each. Colours and styles (SGR) are carried out; every other
 * sequence is a piece of its own that says what it is, so that nothing is hidden.
 */
export function terminalPieces(output: string): TerminalPiece[] {
  const pieces: TerminalPiece[] = [];
  let look: Look = {};
  let last = 0;
  const add = (text: string, at: number, isControl: boolean) => {
    if (text !== "") pieces.push({ text, at, look: isControl ? {} : look, isControl });
  };
  for (const match of output.matchAll(SEQUENCE)) {
    const [sequence, parameters, final] = match;
    add(output.slice(last, match.index), last, false);
    last = match.index + sequence.length;
    if (final === "m") look = styled(look, parameters ?? "");
    else add(nameOf(sequence), match.index, true);
  }
  add(output.slice(last), last, false);
  return pieces;
}

/** Whether an output has anything to carry out or to name; most have not. */
export function hasSequences(output: string): boolean {
  return output.includes("\u001B");
}

/** The output without its sequences, as somebody searches it. */
export function withoutSequences(output: string): string {
  return hasSequences(output) ? output.replace(SEQUENCE, "") : output;
}

function nameOf(sequence: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is named
  return `ESC${sequence.slice(1).replace(/[\u0000-\u001F\u007F]/g, "")}`;
}

/** A look after the parameters of "select graphic rendition" (ECMA-48, 8.3.117). */
function styled(before: Look, parameters: string): Look {
  let look = { ...before };
  const codes = parameters.split(/[;:]/).map(Number);
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] ?? 0;
    if (code === 0) look = {};
    else if (code === 1) look.bold = true;
    else if (code === 2) look.faint = true;
    else if (code === 3) look.italic = true;
    else if (code === 4) look.underline = true;
    else if (code === 7) look.inverse = true;
    else if (code === 9) look.strike = true;
    else if (code === 22) look = without(look, "bold", "faint");
    else if (code === 23) look = without(look, "italic");
    else if (code === 24) look = without(look, "underline");
    else if (code === 27) look = without(look, "inverse");
    else if (code === 29) look = without(look, "strike");
    else if (code === 39) look = without(look, "color");
    else if (code === 49) look = without(look, "background");
    else if (code === 38 || code === 48 || code === 58) {
      const { hue, last } = extendedHue(codes, at + 1);
      at = last;
      // The colour of an underline (58) is not shown, but its parameters are no codes of their own.
      if (hue && code !== 58) look[code === 38 ? "color" : "background"] = hue;
    } else {
      const [base, field] = plainColor(code);
      const hue = field && HUES[code - base];
      if (field && hue) look[field] = hue;
    }
  }
  return look;
}

/** Where the eight codes of a plain or a bright colour begin, and what they colour. */
function plainColor(code: number): [base: number, field: "color" | "background" | null] {
  if (code >= 30 && code <= 37) return [30, "color"];
  if (code >= 40 && code <= 47) return [40, "background"];
  if (code >= 90 && code <= 97) return [90, "color"];
  if (code >= 100 && code <= 107) return [100, "background"];
  return [0, null];
}

/** A colour of 256 (`5;n`) or of 16 million (`2;r;g;b`), by its nearest hue. `last` is the place of its last code. */
function extendedHue(codes: readonly number[], at: number): { hue: Hue | undefined; last: number } {
  if (codes[at] === 2) {
    const [red = 0, green = 0, blue = 0] = codes.slice(at + 1, at + 4);
    return { hue: nearestHue(red, green, blue), last: at + 3 };
  }
  if (codes[at] !== 5) return { hue: undefined, last: at };
  const number = codes[at + 1] ?? 0;
  const last = at + 1;
  if (number < 16) return { hue: HUES[number % 8], last };
  if (number >= 232) return { hue: number < 244 ? "black" : "white", last };
  const level = (step: number) => (step === 0 ? 0 : 55 + step * 40);
  const cube = number - 16;
  const hue = nearestHue(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6));
  return { hue, last };
}

/** Each of red, green and blue, 0 to 255, counts as lit when it is in the upper half of what the colour spans. */
function nearestHue(red: number, green: number, blue: number): Hue | undefined {
  const highest = Math.max(red, green, blue);
  const lowest = Math.min(red, green, blue);
  if (highest - lowest < 32) return highest < 128 ? "black" : "white";
  const middle = (highest + lowest) / 2;
  return HUES[(red > middle ? 1 : 0) + (green > middle ? 2 : 0) + (blue > middle ? 4 : 0)];
}

function without(look: Look, ...names: (keyof Look)[]): Look {
  const rest = { ...look };
  for (const name of names) delete rest[name];
  return rest;
}
