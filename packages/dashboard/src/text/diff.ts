/** One line of a hunk, with its number in the file before and after; a note is what git says of the line above. */
export interface DiffLine {
  kind: "context" | "added" | "removed" | "note";
  text: string;
  before?: number;
  after?: number;
}

/** A stretch of a file that changes, with the lines around it. */
export interface Hunk {
  /** What stands behind the second `@@`: the function or section it is in. */
  section: string;
  lines: readonly DiffLine[];
}

/** What a patch does to one file. */
export interface FileDiff {
  /** Its place among the files of the patch. */
  place: number;
  /** The file's path after the change; before it, where the file is deleted. Empty where the patch names none. */
  path: string;
  /** Where the file was, if it was renamed or copied. */
  from?: string;
  change: "created" | "edited" | "deleted" | "renamed";
  /** Its bytes are no text, so there are no hunks. */
  isBinary: boolean;
  hunks: readonly Hunk[];
  added: number;
  removed: number;
}

interface OpenFile extends FileDiff {
  hunks: OpenHunk[];
}
interface OpenHunk extends Hunk {
  lines: DiffLine[];
}

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$/;

/**
 * Reads a unified diff: that of git, with its headers, or plain `---`/`+++`, or hunks alone. What is none is passed
 * over, as `git apply` does with the words above a patch. Lines belong to a hunk by its counts, so that a removed line
 * that begins with `--` is no header.
 */
export function parseDiff(diff: string): FileDiff[] {
  const files: OpenFile[] = [];
  let file: OpenFile | undefined;
  let hunk: OpenHunk | undefined;
  let before = 0;
  let after = 0;
  /** Lines that the open hunk has still to come, of each side. */
  let leftBefore = 0;
  let leftAfter = 0;
  const begin = (path: string): OpenFile => {
    const begun: OpenFile = {
      place: files.length,
      path,
      change: "edited",
      isBinary: false,
      hunks: [],
      added: 0,
      removed: 0,
    };
    files.push(begun);
    hunk = undefined;
    return begun;
  };
  for (const line of diff.split("\n")) {
    const sign = line[0];
    if (file && hunk && sign === "\\") {
      hunk.lines.push({ kind: "note", text: line.slice(2) });
      continue;
    }
    if (file && hunk && (leftBefore > 0 || leftAfter > 0)) {
      const text = line.slice(1);
      if (sign === "+") {
        hunk.lines.push({ kind: "added", text, after: after++ });
        file.added += 1;
        leftAfter -= 1;
      } else if (sign === "-") {
        hunk.lines.push({ kind: "removed", text, before: before++ });
        file.removed += 1;
        leftBefore -= 1;
      } else {
        // An empty line of context often loses its one space on the way.
        hunk.lines.push({ kind: "context", text, before: before++, after: after++ });
        leftBefore -= 1;
        leftAfter -= 1;
      }
      continue;
    }
    const header = HUNK.exec(line);
    if (header) {
      file ??= begin("");
      before = Number(header[1]);
      after = Number(header[3]);
      leftBefore = Number(header[2] ?? 1);
      leftAfter = Number(header[4] ?? 1);
      hunk = { section: header[5] ?? "", lines: [] };
      file.hunks.push(hunk);
    } else if (line.startsWith("diff --git ")) file = begin(pathOfGitHeader(line));
    else if (line.startsWith("--- ")) {
      // Without git's header, this is where a file begins.
      if (!file || file.hunks.length > 0) file = begin("");
      const path = pathOf(line.slice(4));
      if (path === null) file.change = "created";
      else file.path ||= path;
    } else if (file && line.startsWith("+++ ")) {
      const path = pathOf(line.slice(4));
      if (path === null) file.change = "deleted";
      else file.path = path;
    } else if (file && file.hunks.length === 0) readExtendedHeader(file, line);
  }
  return files.filter(({ path, hunks }) => path !== "" || hunks.length > 0);
}

/** Lines added and removed by a patch. */
export function diffTotals(files: readonly FileDiff[]): { added: number; removed: number } {
  return files.reduce(
    (sum, { added, removed }) => ({ added: sum.added + added, removed: sum.removed + removed }),
    { added: 0, removed: 0 },
  );
}

/** What git says between the file's header and its first hunk. */
function readExtendedHeader(file: OpenFile, line: string): void {
  if (line.startsWith("new file mode")) file.change = "created";
  else if (line.startsWith("deleted file mode")) file.change = "deleted";
  else if (line.startsWith("rename from ")) {
    file.change = "renamed";
    file.from = unquoted(line.slice(12));
  } else if (line.startsWith("rename to ")) file.path = unquoted(line.slice(10));
  else if (line.startsWith("Binary files ") || line.startsWith("GIT binary patch")) file.isBinary = true;
}

/** `diff --git a/path b/path`: both paths are the same unless the file is renamed, which its own lines say. */
function pathOfGitHeader(line: string): string {
  const words = line.slice("diff --git ".length);
  const quoted = /^"(?:[^"\\]|\\.)*" (".*")$/.exec(words)?.[1];
  if (quoted) return pathOf(quoted) ?? "";
  const half = words.slice(words.length / 2 + 1);
  return pathOf(half) ?? "";
}

/** The path of a `---` or `+++` line: without git's `a/` or `b/` and a time behind a tab; null for `/dev/null`. */
function pathOf(words: string): string | null {
  const path = unquoted(words.split("\t", 1)[0] ?? "");
  if (path === "/dev/null") return null;
  return path.replace(/^[abciow]\//, "");
}

/** Git writes a path with unusual bytes between quotes, with C's escapes, each byte of UTF-8 as three octal digits. */
function unquoted(path: string): string {
  if (!path.startsWith('"') || !path.endsWith('"')) return path.trimEnd();
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  for (const [piece, octal, escaped] of path.slice(1, -1).matchAll(/\\([0-7]{3})|\\(.)|[^\\]+/gsu)) {
    if (octal) bytes.push(Number.parseInt(octal, 8));
    else bytes.push(...encoder.encode(escaped ? (ESCAPES[escaped] ?? escaped) : piece));
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

const ESCAPES: Record<string, string> = { n: "\n", t: "\t", r: "\r", a: "\u0007", b: "\b", f: "\f", v: "\v" };
