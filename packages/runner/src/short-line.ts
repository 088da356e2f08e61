/** A text in one line's length, with a sign where it was cut. */
export function shortLine(text: string, max: number): string {
  return text.length <= max ? text.toWellFormed() : `${text.slice(0, max - 2).toWellFormed()} …`;
}
