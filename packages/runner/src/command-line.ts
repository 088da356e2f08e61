/** A command line that cannot be read. */
export class CommandLineError extends Error {
  override name = "CommandLineError";
  readonly code = "command_line";
}

/**
 * Splits a command line into words as a shell would: quotes hold words together, a backslash takes the next character
 * as it is. Nothing is expanded, and no shell ever sees it.
 * @throws CommandLineError
 */
export function splitCommandLine(text: string): string[] {
  const words: string[] = [];
  const pattern = /\s+|"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)|([^\s"'\\]+)|(.)/gs;
  let word: string | undefined;
  for (const [whole, double, single, escaped, plain, stray] of text.matchAll(pattern)) {
    if (stray !== undefined) throw new CommandLineError(`A quote is not closed in: ${text}`);
    const part = double?.replace(/\\(["\\$`])/g, "$1") ?? single ?? escaped ?? plain;
    if (part !== undefined) word = (word ?? "") + part;
    else if (/^\s/.test(whole) && word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  if (word !== undefined) words.push(word);
  if (words.length === 0) throw new CommandLineError("The command is empty.");
  return words;
}

/** Puts values in place of `{name}`; each word stays one word whatever the value holds. */
export function fillIn(words: readonly string[], values: Record<string, string>): string[] {
  return words.map((word) => word.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole));
}
