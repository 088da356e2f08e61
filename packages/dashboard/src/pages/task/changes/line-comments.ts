import type { DiffLine } from "../../../text/diff.ts";

/** What somebody noted at a line of a patch. */
export interface LineComment {
  path: string;
  line: DiffLine;
  text: string;
}

/** What a line of a file is known by: its number before, where it was removed, or after. */
export function lineKey(path: string, { kind, before, after }: DiffLine): string {
  return `${path}:${kind === "removed" ? `-${before}` : after}`;
}

/**
 * The comments as feedback for the agent, in Markdown: what is to be different on the whole, then each comment with its
 * file, its line and what stands there, in the order of the patch.
 */
export function feedbackOf(general: string, comments: readonly LineComment[]): string {
  const parts = comments.map(({ path, line, text }) => {
    const place = line.kind === "removed" ? `removed line ${line.before}` : `line ${line.after}`;
    const quoted = line.text.trim() === "" ? "" : `\n\n${quote(line.text)}`;
    return `**${path || "the file"}, ${place}**${quoted}\n\n${text.trim()}`;
  });
  return [general.trim(), ...parts].filter((part) => part !== "").join("\n\n");
}

/** A line of code between as many backticks as it needs. */
function quote(line: string): string {
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const space = longest > 0 ? " " : "";
  return `> ${fence}${space}${line}${space}${fence}`;
}
