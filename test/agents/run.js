// Runs real coding agents against the real server and a stub model: installs them when needed, then tests in a network
// namespace that has nothing but loopback, where one can be made.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

if (!existsSync(`${here}/node_modules/.bin/opencode`)) run("npm", ["install", "--no-save"]);
const test = [
  process.execPath,
  "--conditions=mission-control-source",
  "--disable-warning=ExperimentalWarning",
  "--test",
  "--test-timeout=300000",
  ...process.argv.slice(2),
  `${here}/real-agents.test.ts`,
];
const alone =
  spawnSync("unshare", ["--map-root-user", "--net", "sh", "-c", "ip link set lo up"]).status === 0;
if (!alone) console.log("No network namespace can be made here: the agents could reach the network.");
if (alone)
  run("unshare", ["--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", ...test]);
else run(test[0], test.slice(1));

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: here, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
