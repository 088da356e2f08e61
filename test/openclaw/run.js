// Runs the tests against a real OpenClaw Gateway, which it installs when needed. Arguments narrow the run to files.
import { existsSync, globSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { runOrExit } from "../../scripts/run-or-exit.js";

const here = dirname(fileURLToPath(import.meta.url));
if (!existsSync(`${here}/node_modules/openclaw/openclaw.mjs`)) run("npm", ["ci"]);
// The PostgreSQL of two servers before one gateway.
if (!existsSync(`${here}/../cluster/node_modules`)) run("npm", ["ci", "--prefix", "../cluster"]);
const wanted = process.argv.slice(2);
const files = globSync("*.test.ts", { cwd: here })
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort();
run(process.execPath, [
  "--conditions=mission-control-source",
  "--disable-warning=ExperimentalWarning",
  "--test",
  // A gateway takes most of a gigabyte and of a processor.
  "--test-concurrency=1",
  "--test-timeout=600000",
  ...files,
]);

function run(command, args) {
  runOrExit(command, args, here);
}
