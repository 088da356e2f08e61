import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Git } from "./git.ts";

/** What was changed in a folder, against a state before. */
export interface Changes {
  /** As `git apply` takes it, binary files included; empty where nothing was changed. */
  patch: Buffer;
  files: FileStat[];
  insertions: number;
  deletions: number;
  /** Why new files are not among them, in one sentence. */
  note?: string;
}

/** One changed file; lines are not counted in a binary one. */
export interface FileStat {
  path: string;
  insertions?: number;
  deletions?: number;
}

/** New files that git does not know are looked at only up to here: nobody waits for a folder full of data. */
const MAX_NEW_FILES = 5000;
const MAX_NEW_BYTES = 64 * 1024 * 1024;
/** How long each look may take, in milliseconds: a task waits for the first. */
const TIMEOUT_MS = 15_000;

/** Nothing of the user's, or of the repository's, settings may have a say in how a diff is written. */
const PLAIN = [
  ...["-c", "core.fsmonitor=false", "-c", "core.quotePath=true", "-c", "diff.noprefix=false"],
  ...["-c", "diff.mnemonicPrefix=false", "-c", "diff.ignoreSubmodules=none"],
];
const AS_PATCH = ["--binary", "--full-index", "--find-renames", "--src-prefix=a/", "--dst-prefix=b/"];
const AS_IT_IS = ["--no-color", "--no-ext-diff", "--no-textconv", "--submodule=short", "--no-relative"];

/**
 * Looks at the files of a folder as git would commit them, those that are new included, and leaves everything as it is:
 * the index and the objects that this takes are kept in a folder of their own.
 */
export class FolderState {
  readonly #git: Git;
  readonly #scratch: string;
  #leftOut: string | undefined;

  private constructor(git: Git, scratch: string) {
    this.#git = git;
    this.#scratch = scratch;
  }

  /**
   * @param git in the folder to look at
   * @returns `undefined` where it is no git repository
   */
  static async open(git: Git): Promise<FolderState | undefined> {
    const paths = await git
      .text("rev-parse", "--path-format=absolute", "--git-path", "index", "--git-path", "objects")
      .catch(() => undefined);
    const [index, objects] = paths?.split("\n") ?? [];
    if (!index || !objects) return undefined;
    const scratch = mkdtempSync(join(tmpdir(), "mission-control-git-"));
    mkdirSync(join(scratch, "objects"));
    if (existsSync(index)) copyIndex(index, join(scratch, "index"));
    const own = {
      GIT_INDEX_FILE: join(scratch, "index"),
      GIT_OBJECT_DIRECTORY: join(scratch, "objects"),
      GIT_ALTERNATE_OBJECT_DIRECTORIES: objects,
    };
    return new FolderState(git.with(git.folder, own, TIMEOUT_MS), scratch);
  }

  /** @returns the id of a tree of all files as they are now; good until {@link close} @throws RunFailedError */
  async tree(): Promise<string> {
    this.#leftOut ??= await this.#tooManyNew();
    await this.#git.text(...PLAIN, "add", this.#leftOut ? "--update" : "--all", "--", ".");
    return this.#git.text(...PLAIN, "write-tree");
  }

  /** @param base a commit or tree @throws RunFailedError */
  async changesSince(base: string): Promise<Changes> {
    const tree = await this.tree();
    const patch = await this.#git.bytes(...PLAIN, "diff", ...AS_PATCH, ...AS_IT_IS, base, tree);
    const numbers = await this.#git.text(
      ...[...PLAIN, "diff", "--numstat", "--no-renames", "-z", ...AS_IT_IS, base, tree],
    );
    const files = numbers.split("\0").filter(Boolean).map(readStat);
    const sum = (name: "insertions" | "deletions") =>
      files.reduce((total, file) => total + (file[name] ?? 0), 0);
    return {
      patch,
      files,
      insertions: sum("insertions"),
      deletions: sum("deletions"),
      ...(this.#leftOut && { note: this.#leftOut }),
    };
  }

  close(): void {
    rmSync(this.#scratch, { recursive: true, force: true });
  }

  async #tooManyNew(): Promise<string | undefined> {
    const listed = await this.#git.text(
      ...PLAIN,
      "ls-files",
      "--others",
      "--exclude-standard",
      "-z",
      "--",
      ".",
    );
    const names = listed.split("\0").filter(Boolean);
    if (names.length > MAX_NEW_FILES) return `${names.length} new files are too many to be looked at.`;
    let bytes = 0;
    for (const name of names) {
      bytes += lstatSync(join(this.#git.folder, name), { throwIfNoEntry: false })?.size ?? 0;
    }
    if (bytes <= MAX_NEW_BYTES) return undefined;
    return `New files of ${Math.round(bytes / 1024 / 1024)} MiB are too large to be looked at.`;
  }
}

/**
 * Copies an index with the time it was written at: a file that has changed since, and within the same tick as the index
 * knows it, is looked into by that alone (racy-git.txt of git's documentation).
 */
function copyIndex(from: string, to: string): void {
  const { atimeMs, mtimeMs } = statSync(from);
  copyFileSync(from, to);
  utimesSync(to, Math.floor(atimeMs) / 1000, Math.floor(mtimeMs) / 1000);
}

/** A line of `git diff --numstat -z`; a dash stands for the numbers of a binary file. */
function readStat(line: string): FileStat {
  const [insertions = "", deletions = "", ...path] = line.split("\t");
  const counts = insertions === "-" ? {} : { insertions: Number(insertions), deletions: Number(deletions) };
  return { path: path.join("\t"), ...counts };
}
