// Runs the tests on a real PostgreSQL, which it installs when needed. Arguments narrow the run to files.
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { runOrExit } from "../../scripts/run-or-exit.js";

const here = dirname(fileURLToPath(import.meta.url));
const { devDependencies } = JSON.parse(readFileSync(`${here}/package.json`, "utf8"));
const isInstalled = (name) => existsSync(`${here}/node_modules/${name}/package.json`);
if (!Object.keys(devDependencies).every(isInstalled)) run("npm", ["ci"]);
// Before any test: one asks for the page all the time, and to build it takes it away for a moment.
run(process.execPath, [`${here}/../../scripts/build.js`]);
const wanted = process.argv.slice(2);
/** Runs only when it is asked for: it takes minutes and 200 MB of packages. */
const LONG = "compose.test.ts";
const files = globSync("*.test.{js,ts}", { cwd: here })
  .filter((file) => (wanted.length === 0 ? file !== LONG : wanted.some((part) => file.includes(part))))
  .sort();
run(process.execPath, [
  "--conditions=mission-control-source",
  "--disable-warning=ExperimentalWarning",
  "--test",
  "--test-concurrency=2",
  // A long run, which is asked for, takes as long as it takes.
  `--test-timeout=${process.env.CLUSTER_CALLBACKS === undefined ? 300_000 : 7_200_000}`,
  ...files,
]);

function run(command, args) {
  runOrExit(command, args, here);
}
