/** A command line that cannot be read, or that would let a task's text run as code. */
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
  if (text.includes("\0")) throw new CommandLineError("The command holds a NUL character.");
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

/**
 * What each word is called where it is a program: the last part of a path, or the package that a script is the
 * start of (`…/claude-code/cli.js`, `@anthropic-ai/claude-code@2`: `claude-code`).
 */
export function programNames(words: readonly string[]): string[] {
  return words.map((word) => {
    const parts = word.split("/");
    const last = parts.at(-1) ?? "";
    const name = /^(cli|index|main)\.[cm]?js$/.test(last) ? (parts.at(-2) ?? last) : last;
    return name.replace(/(?<=.)@.*$|\.(exe|cmd|[cm]?js)$/, "");
  });
}
