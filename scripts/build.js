// Builds what is out of date: every package by `tsc -b` (incremental), the bundles of the server and of the command
// when a package or a dependency is newer, the dashboard when its sources are.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const dashboard = join(root, "packages/dashboard");

run("TypeScript", "tsc", ["-b", "packages/cli"], root);
await bundle("server", "index.js");
await bundle("cli", "main.js", ["@mission-control/server"]);
if (existsSync(join(dashboard, "package.json")) && dashboardIsStale()) {
  run("dashboard", "vite", ["build", "--logLevel", "warn"], dashboard);
}

function run(what, command, args, cwd) {
  const { status, error } = spawnSync(join(root, "node_modules/.bin", command), args, {
    cwd,
    stdio: "inherit",
  });
  if (status === 0) return;
  console.error(`Building the ${what} part failed${error ? `: ${error.message}. Run "npm ci" first.` : "."}`);
  process.exit(1);
}

/**
 * A package and all it imports in a few files, made anew when a package or a dependency is newer: a start spends half
 * its time on finding and reading hundreds of modules one by one, and what nothing uses of them stays in memory.
 */
async function bundle(name, entry, external = []) {
  const dist = join(root, "packages", name, "dist");
  const folder = join(dist, "bundle");
  const packages = ["protocol", "agent", "runner", "server", "cli"];
  const inputs = packages.map((each) => join(root, "packages", each, "dist/.tsbuildinfo"));
  // Written by every npm that changed what is installed.
  inputs.push(join(root, "node_modules/.package-lock.json"));
  if (!isOlder(join(folder, entry), inputs)) return;
  rmSync(folder, { recursive: true, force: true });
  // What V8 made of the last one.
  rmSync(join(dist, "compiled"), { recursive: true, force: true });
  // Loaded only here: most builds find nothing to bundle.
  const { build } = await import("rolldown");
  await build({
    input: join(dist, entry),
    platform: "node",
    external,
    logLevel: "silent",
    // V8 keeps the text of what it runs, with two bytes a character once one of them is not of Latin-1.
    output: { dir: folder, format: "esm", comments: false, charset: "ascii" },
  });
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
