// Tests what would be published: the packed @mission-control/agent, in Node 20 and 22 as well, which it installs when
// needed, the packed @mission-control/cli, and the installation of a clone.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const nodes = ["node-20", "node-22"].map((name) => `${here}/node_modules/${name}/bin/node`);
const tests = [
  fileURLToPath(new URL("../../packages/agent/test/package.test.ts", import.meta.url)),
  `${here}/cli.test.ts`,
  `${here}/install.test.ts`,
];

if (!nodes.every(existsSync)) run("npm", ["ci"]);
const flags = ["--conditions=mission-control-source", "--disable-warning=ExperimentalWarning", "--test"];
run(process.execPath, [...flags, "--test-timeout=120000", ...tests]);

function run(command, args) {
  const env = { ...process.env, OTHER_NODES: nodes.join(delimiter) };
  const { status } = spawnSync(command, args, { cwd: here, env, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
