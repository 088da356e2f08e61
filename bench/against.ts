import { execFileSync } from "node:child_process";
import { cpSync, globSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Build, build } from "./subjects/mission-control.ts";

/**
 * Checks another commit out beside the working tree and builds it, to be measured in turn with the working tree.
 * The installed packages are copied when both lock files are the same; the links among the workspace's own
 * packages are relative and so lead to the other commit's.
 */
export async function otherCommit(
  root: string,
  ref: string,
): Promise<{ build: Build; close(): Promise<void> }> {
  const git = (...args: string[]) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
  const commit = git("rev-parse", "--short", `${ref}^{commit}`);
  const folder = await mkdtemp(join(tmpdir(), "bench-against-"));
  const checkout = join(folder, "checkout");
  const close = async () => {
    git("worktree", "remove", "--force", checkout);
    await rm(folder, { recursive: true, force: true });
  };
  git("worktree", "add", "--detach", checkout, commit);
  try {
    install(root, checkout);
    build(checkout);
  } catch (error) {
    await close();
    throw error;
  }
  return { build: { label: `${ref} (${commit})`, root: checkout }, close };
}

function install(root: string, checkout: string): void {
  const lock = (folder: string) => readFileSync(join(folder, "package-lock.json"), "utf8");
  if (lock(root) !== lock(checkout)) {
    execFileSync("npm", ["install", "--ignore-scripts"], { cwd: checkout, stdio: "inherit" });
    return;
  }
  for (const modules of globSync("{.,packages/*}/node_modules", { cwd: root })) {
    cpSync(join(root, modules), join(checkout, modules), { recursive: true, verbatimSymlinks: true });
  }
}
