// Builds what is out of date: every package by `tsc -b` (incremental), the dashboard when its sources are newer.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

run("TypeScript", "tsc", ["-b", "packages/server"], root);

const dashboard = join(root, "packages/dashboard");
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

function dashboardIsStale() {
  const built = join(dashboard, "dist/index.html");
  if (!existsSync(built)) return true;
  const builtAt = statSync(built).mtimeMs;
  const inputs = [join(dashboard, "src"), join(root, "packages/protocol/src")].flatMap((folder) =>
    readdirSync(folder, { recursive: true }).map((name) => join(folder, name)),
  );
  inputs.push(
    join(dashboard, "index.html"),
    join(dashboard, "vite.config.ts"),
    join(dashboard, "package.json"),
  );
  return inputs.some((file) => existsSync(file) && statSync(file).mtimeMs > builtAt);
}
