import { isUtf8 } from "node:buffer";

/** What a file holds, where that is text; null where it is not. @param content in base64 */
export function textOfFile({ content }: { content: string }): string | null {
  const bytes = Buffer.from(content, "base64");
  return isUtf8(bytes) && !bytes.includes(0) ? bytes.toString("utf8") : null;
}

/** A text file as a part of a prompt: its name, and what it holds in a fence that nothing in it closes. */
export function fencedFile(name: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return plainText(`${name}:\n\n${fence}\n${text}${text.endsWith("\n") ? "" : "\n"}${fence}`);
}

/**
 * Text as any program can take it: NUL, which ends an argument and which models refuse, is shown as its picture, and
 * halves of UTF-16 pairs are replaced.
 */
export function plainText(text: string): string {
  return text.replaceAll("\0", "\u2400").toWellFormed();
}
