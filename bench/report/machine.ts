import { execFileSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";

/** The commit of a checkout, short, with a `+` when it holds changes that are not committed. */
export function commitOf(root: string): string {
  const git = (...args: string[]) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
  const isChanged = git("status", "--porcelain", "--", "packages") !== "";
  return git("rev-parse", "--short", "HEAD") + (isChanged ? "+" : "");
}

/** One line about where and with what a table was measured. */
export function provenance(root: string, runs: number): string {
  const { versions, arch } = process;
  const cores = cpus();
  const machine = `${cores.length} × ${cores[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()} ${arch}`;
  const software = `Node.js ${versions.node}, SQLite ${versions.sqlite}`;
  const date = new Date().toISOString().slice(0, 10);
  return `<sub>${date}, commit ${commitOf(root)}, ${runs} runs each; ${machine}; ${software}.</sub>`;
}
