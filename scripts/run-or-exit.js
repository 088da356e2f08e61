import { spawnSync } from "node:child_process";
import { compileCache } from "./compile-cache.js";

/** Runs a step of a suite, with what it prints; where it fails, this process ends as it did. @param cwd the folder it runs in */
export function runOrExit(command, args, cwd) {
  const env = { ...process.env, ...compileCache };
  const { status } = spawnSync(command, args, { cwd, env, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
