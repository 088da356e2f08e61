// Builds what is out of date: every package by `tsc -b` (incremental), the command's bundle when a package or a
// dependency is newer, the dashboard when its sources are.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const server = join(root, "packages/server");
const bundle = join(server, "dist/bundle");
const dashboard = join(root, "packages/dashboard");

run("TypeScript", "tsc", ["-b", "packages/server"], root);
if (bundleIsStale()) bundleCommand();
if (existsSync(join(dashboard, "package.json")) && dashboardIsStale()) {
  run("dashboard", "vite", ["build", "--logLevel", "warn"], dashboard);
}

function run(what, command, args, cwd, stdout = "inherit") {
  const { status, error } = spawnSync(join(root, "node_modules/.bin", command), args, {
    cwd,
    stdio: ["inherit", stdout, "inherit"],
  });
  if (status === 0) return;
  console.error(`Building the ${what} part failed${error ? `: ${error.message}. Run "npm ci" first.` : "."}`);
  process.exit(1);
}

/**
 * The command and all it imports in a few files, which is what `bin/` runs: a start spends half its time on finding
 * and reading hundreds of modules one by one, and what nothing uses of them stays in memory.
 */
function bundleCommand() {
  rmSync(bundle, { recursive: true, force: true });
  const options = ["--format", "esm", "--platform", "node", "--dir", bundle, "--log-level", "silent"];
  run("bundle", "rolldown", [join(server, "dist/cli/main.js"), ...options], root, "ignore");
}

function bundleIsStale() {
  const packages = ["protocol", "agent", "runner", "server"];
  const inputs = packages.map((name) => join(root, "packages", name, "dist/.tsbuildinfo"));
  // Written by every npm that changed what is installed.
  inputs.push(join(root, "node_modules/.package-lock.json"));
  return isOlder(join(bundle, "main.js"), inputs);
}

function dashboardIsStale() {
  const inputs = [join(dashboard, "src"), join(root, "packages/protocol/src")].flatMap((folder) =>
    readdirSync(folder, { recursive: true }).map((name) => join(folder, name)),
  );
  inputs.push(
    join(dashboard, "index.html"),
    join(dashboard, "vite.config.ts"),
    join(dashboard, "package.json"),
  );
  return isOlder(join(dashboard, "dist/index.html"), inputs);
}

function isOlder(built, inputs) {
  if (!existsSync(built)) return true;
  const builtAt = statSync(built).mtimeMs;
  return inputs.some((file) => existsSync(file) && statSync(file).mtimeMs > builtAt);
}
