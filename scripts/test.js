// Runs the tests straight from the TypeScript sources. Arguments narrow the run: a path or part of one each.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { compileCache } from "./compile-cache.js";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const patterns = [
  "packages/*/src/**/*.test.ts",
  "packages/*/test/**/*.test.ts",
  "test/*.test.ts",
  "bench/**/*.test.ts",
];
const wanted = process.argv.slice(2);
const files = globSync(patterns, { cwd: root })
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort();
if (files.length === 0) {
  console.error(`No test file matches ${wanted.join(", ")}.`);
  process.exit(2);
}
const flags = [
  "--conditions=mission-control-source",
  "--disable-warning=ExperimentalWarning",
  "--test",
  "--test-timeout=300000",
  `--import=${new URL("must-end.js", import.meta.url)}`,
  // Node's own choice is one file fewer than there are processors: one alone on two, while many files mostly wait.
  `--test-concurrency=${availableParallelism()}`,
];
const env = { ...process.env, ...compileCache };
const { status } = spawnSync(process.execPath, [...flags, ...files], { cwd: root, env, stdio: "inherit" });
process.exit(status ?? 1);
