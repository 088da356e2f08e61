import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { JsonObject } from "@mission-control/agent";
import { RunFailedError } from "./program.ts";

const run = promisify(execFile);

/**
 * Where tasks are worked on:
 * - `shared`: all in the given folder;
 * - `folder`: each in a folder of its own below it;
 * - `worktree`: each in a git worktree of its own, on a branch `mission-control/<task>` from the folder's HEAD.
 */
export const WORKSPACE_KINDS = ["shared", "folder", "worktree"] as const;
export type WorkspaceKind = (typeof WORKSPACE_KINDS)[number];

/** A folder for one task, and what to tell the operator about it. */
export interface Workplace {
  folder: string;
  data: JsonObject;
  /** Removes what the run has not used. */
  close(): Promise<void>;
}

export class Workspace {
  readonly #kind: WorkspaceKind;
  readonly #root: string;
  readonly #env: NodeJS.ProcessEnv;
  /** git takes one change of its worktrees at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * @param root the folder; it must exist
   * @param env the environment of git, and so of the repository's hooks
   * @throws RunFailedError
   */
  constructor(kind: WorkspaceKind, root: string, env: NodeJS.ProcessEnv = process.env) {
    this.#kind = kind;
    this.#env = env;
    this.#root = resolve(root);
    if (!statSync(this.#root, { throwIfNoEntry: false })?.isDirectory()) {
      throw new RunFailedError(`The folder ${this.#root} does not exist.`);
    }
  }

  /** The same task gets the same folder again. */
  async open(taskId: string): Promise<Workplace> {
    if (this.#kind === "shared") return { folder: this.#root, data: {}, close: async () => {} };
    const name = folderName(taskId);
    if (this.#kind === "worktree") return this.#inTurn(() => this.#openWorktree(name));
    const folder = join(this.#root, name);
    mkdirSync(folder, { recursive: true });
    return { folder, data: { folder }, close: async () => {} };
  }

  async #openWorktree(name: string): Promise<Workplace> {
    const branch = `mission-control/${name}`;
    const common = await this.#git(["rev-parse", "--path-format=absolute", "--git-common-dir"]);
    const folder = join(common, "mission-control", name);
    if (!existsSync(folder)) {
      await this.#git(["worktree", "prune"]);
      const known = await this.#git(["branch", "--list", branch]);
      const from = known === "" ? ["-b", branch, folder] : [folder, branch];
      await this.#git(["worktree", "add", "--quiet", ...from]);
    }
    const start = await this.#git(["rev-parse", "HEAD"], folder);
    return {
      folder,
      data: { folder, branch },
      close: () => this.#inTurn(() => this.#removeUnused(folder, branch, start)),
    };
  }

  /** A worktree with neither changes nor commits holds nothing anyone could miss. */
  async #removeUnused(folder: string, branch: string, start: string): Promise<void> {
    const changes = await this.#git(["status", "--porcelain", "--ignored"], folder);
    const head = await this.#git(["rev-parse", "HEAD"], folder);
    const origin = await this.#git(["rev-parse", "HEAD"]);
    if (changes !== "" || head !== start || head !== origin) return;
    await this.#git(["worktree", "remove", folder]);
    await this.#git(["branch", "--delete", "--force", branch]);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  async #git(args: string[], cwd: string = this.#root): Promise<string> {
    try {
      const { stdout } = await run("git", args, { cwd, env: this.#env });
      return stdout.trim();
    } catch (error) {
      const { stderr } = error as { stderr?: string };
      throw new RunFailedError(`git ${args[0]} failed in ${cwd}: ${stderr?.trim() || String(error)}`);
    }
  }
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
