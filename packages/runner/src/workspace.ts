import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { type JsonObject, makeFolder } from "@mission-control/agent";
import { type Changes, FolderState } from "./changes.ts";
import { Git } from "./git.ts";
import { RunFailedError } from "./program.ts";
import { Worktrees } from "./worktrees.ts";

/**
 * Where tasks are worked on:
 * - `shared`: all in the given folder;
 * - `folder`: each in a folder of its own below it;
 * - `worktree`: each in a git worktree of its own, on a branch `mission-control/<task>` from the base branch.
 */
export const WORKSPACE_KINDS = ["shared", "folder", "worktree"] as const;
export type WorkspaceKind = (typeof WORKSPACE_KINDS)[number];

/** A folder for one task, and what to tell the operator about it. */
export interface Workplace {
  folder: string;
  data: JsonObject;
  /**
   * What the task has changed in a git repository, and between which commits: since its base in a worktree, else since
   * the folder was opened. `undefined` where it is no repository. @throws RunFailedError
   */
  work(): Promise<Work | undefined>;
  /** Removes what the run has not used. */
  close(): Promise<void>;
}

/** What came of a task, as git sees it. */
export interface Work {
  changes: Changes;
  /** The commit that the task began from; absent in a repository that has none. */
  base?: string;
  /** The commit that the folder is at now. */
  commit?: string;
}

export interface WorkspaceOptions {
  kind: WorkspaceKind;
  /** The folder; it must exist. */
  root: string;
  /** The branch (or any commit) that worktrees begin from. Default: the folder's HEAD. */
  base?: string | undefined;
  /** The environment of git, and so of the repository's hooks. Default: this process's. */
  env?: NodeJS.ProcessEnv | undefined;
  /** Where worktrees are kept. */
  worktrees: string;
}

export class Workspace {
  readonly #kind: WorkspaceKind;
  readonly #git: Git;
  readonly #worktrees: Worktrees;
  /** git takes one change of its worktrees at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @throws RunFailedError */
  constructor({ kind, root, base, env = process.env, worktrees }: WorkspaceOptions) {
    this.#kind = kind;
    this.#git = new Git(resolve(root), env);
    this.#worktrees = new Worktrees(this.#git, worktrees, base);
    if (!statSync(this.#root, { throwIfNoEntry: false })?.isDirectory()) {
      throw new RunFailedError(`The folder ${this.#root} does not exist.`);
    }
  }

  get #root(): string {
    return this.#git.folder;
  }

  /** Looks whether tasks can work here, before there is one. @throws RunFailedError */
  async check(): Promise<void> {
    if (this.#kind === "worktree") await this.#worktrees.check();
  }

  /** The same task gets the same folder again. */
  async open(taskId: string): Promise<Workplace> {
    if (this.#kind === "shared") return this.#openFolder(this.#root, {});
    const name = folderName(taskId);
    if (this.#kind === "worktree") return this.#openWorktree(name);
    const folder = join(this.#root, name);
    makeFolder(folder, 0o777);
    return this.#openFolder(folder, { folder });
  }

  async #openFolder(folder: string, data: JsonObject): Promise<Workplace> {
    const git = this.#git.with(folder);
    const state = await FolderState.open(git);
    // A folder that git cannot look at is worked in all the same.
    const [before, { commit } = {}] = state
      ? await Promise.all([state.tree().catch(() => undefined), commitOf(git)])
      : [];
    return {
      folder,
      data,
      async work() {
        if (!state || before === undefined) return undefined;
        return {
          changes: await state.changesSince(before),
          ...(commit && { base: commit }),
          ...(await commitOf(git)),
        };
      },
      close: async () => state?.close(),
    };
  }

  async #openWorktree(name: string): Promise<Workplace> {
    const { git, branch, base, start } = await this.#inTurn(() => this.#worktrees.open(name));
    return {
      folder: git.folder,
      data: { folder: git.folder, branch },
      async work() {
        const state = await FolderState.open(git);
        try {
          return state && { changes: await state.changesSince(base), base, ...(await commitOf(git)) };
        } finally {
          state?.close();
        }
      },
      close: () => this.#inTurn(() => this.#worktrees.removeUnused({ git, branch, base, start })),
    };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }
}

/** The commit a folder is at; none in a repository without one. */
async function commitOf(git: Git): Promise<{ commit?: string }> {
  const commit = await git.text("rev-parse", "--verify", "--quiet", "HEAD").catch(() => "");
  return commit === "" ? {} : { commit };
}

/**
 * A task's folder, which is also the end of its branch's name: its id where that is plain, as those of Mission Control
 * are; else something like it that no other id gives, and that leads nowhere else.
 */
function folderName(taskId: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/.test(taskId)) return taskId;
  const like = taskId.replace(/[^A-Za-z0-9_-]+/g, "-").slice(0, 40);
  return `task-${like}.${createHash("sha256").update(taskId).digest("hex").slice(0, 16)}`;
}
