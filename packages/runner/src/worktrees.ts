import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { makeFolder } from "@mission-control/agent";
import type { Git } from "./git.ts";

/** A worktree of one task. */
export interface Worktree {
  git: Git;
  branch: string;
  /** The commit that its branch began from. */
  base: string;
  /** The commit that it was at when it was opened. */
  start: string;
}

/**
 * The git worktrees of a repository, one a task, each on a branch of its own. They lie outside of it: agents take what
 * is inside a `.git` for what must not be touched (seen: Claude Code), and what is in the working copy for a part of it.
 */
export class Worktrees {
  readonly #git: Git;
  readonly #folder: string;
  readonly #base: string;

  /**
   * @param git in the repository
   * @param folder where the worktrees of all repositories are kept
   * @param base the branch, or any commit, that new branches begin from
   */
  constructor(git: Git, folder: string, base = "HEAD") {
    this.#git = git;
    this.#folder = folder;
    this.#base = base;
  }

  /** Looks whether there is a commit that worktrees can begin from. @throws RunFailedError */
  async check(): Promise<void> {
    await this.#git.text("rev-list", "-1", this.#base, "--");
  }

  /** The same name gets the same worktree again, and its branch where that alone is left. @throws RunFailedError */
  async open(name: string): Promise<Worktree> {
    const branch = `mission-control/${name}`;
    const folder = (await this.#known(branch)) ?? (await this.#add(name, branch));
    const git = this.#git.with(folder);
    const start = await git.text("rev-parse", "HEAD");
    const base = await git.text("merge-base", await this.#git.text("rev-parse", this.#base), "HEAD");
    return { git, branch, base, start };
  }

  /** A worktree with neither changes nor commits holds nothing anyone could miss. @throws RunFailedError */
  async removeUnused({ git, branch, base, start }: Worktree): Promise<void> {
    const changes = await git.text("status", "--porcelain", "--ignored");
    const head = await git.text("rev-parse", "HEAD");
    if (changes !== "" || head !== start || head !== base) return;
    await this.#git.text("worktree", "remove", git.folder);
    await this.#git.text("branch", "--delete", "--force", branch);
  }

  /** Where a branch is checked out already. */
  async #known(branch: string): Promise<string | undefined> {
    const listed = await this.#git.text("worktree", "list", "--porcelain");
    const found = listed
      .split("\n\n")
      .find((block) => block.split("\n").includes(`branch refs/heads/${branch}`));
    const folder = found?.split("\n")[0]?.replace(/^worktree /, "");
    return folder !== undefined && existsSync(folder) ? folder : undefined;
  }

  async #add(name: string, branch: string): Promise<string> {
    const common = await this.#git.text("rev-parse", "--path-format=absolute", "--git-common-dir");
    // Two repositories may have the same name.
    const repository = basename(common) === ".git" ? basename(dirname(common)) : basename(common);
    const hash = createHash("sha256").update(common).digest("hex").slice(0, 8);
    const parent = join(this.#folder, `${repository}-${hash}`);
    makeFolder(parent, 0o700);
    const folder = join(parent, name);
    await this.#git.text("worktree", "prune");
    const isBranch = (await this.#git.text("branch", "--list", branch)) !== "";
    const from = isBranch ? [folder, branch] : ["--no-track", "-b", branch, folder, this.#base];
    await this.#git.text("worktree", "add", "--quiet", ...from);
    return folder;
  }
}
