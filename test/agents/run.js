// Runs real coding agents against the real server and a stub model: installs them when needed, then tests in a network
// namespace that has nothing but loopback, where one can be made.
//   --all    also those that take too long for every run
//   --table  writes docs/agents.md from what was seen
// Any other argument goes to node's test runner, e.g. --test-name-pattern=Codex.
import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { missing } from "./agents/coding-agent.ts";
import { agents, commands } from "./agents/index.ts";
import { writeTable } from "./table.ts";

const INSTALL_TIMEOUT_MS = 4 * 60_000;
const TESTS_TIMEOUT_MS = 12 * 60_000;
const ALL_TESTS_TIMEOUT_MS = 30 * 60_000;

const here = dirname(fileURLToPath(import.meta.url));
const given = new Set(process.argv.slice(2));
const all = given.delete("--all");
const table = given.delete("--table");
const observations = join(mkdtempSync(join(tmpdir(), "mc-observations-")), "observations.json");
const programs = [...agents.filter((agent) => all || !agent.slow), ...commands];
const lacking = () => programs.map(missing).filter((reason) => reason !== undefined);

// Once more when it failed: a registry may have a bad moment. Not `npm ci`: that insists on a lock file with packages
// of every platform, which not every registry has.
for (let tries = 0; tries < 2 && lacking().length > 0; tries++) {
  run("npm", ["install", "--no-save"], INSTALL_TIMEOUT_MS);
}
const reasons = lacking();
if (reasons.length === programs.length) {
  console.error("None of the coding agents could be installed, so nothing was tested.");
  process.exit(1);
}

const tests = [
  process.execPath,
  "--conditions=mission-control-source",
  "--disable-warning=ExperimentalWarning",
  "--test",
  "--test-timeout=120000",
  // A test that timed out may still wait for something.
  "--test-force-exit",
  ...given,
  `${here}/real-agents.test.ts`,
];
const unshare = ["--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"];
const alone = spawnSync("unshare", [...unshare, "true"]).status === 0;
if (!alone) console.log("No network namespace can be made here: the agents could reach the network.");
const [program, ...args] = alone ? ["unshare", ...unshare, ...tests] : tests;
const passed = run(program, args, all ? ALL_TESTS_TIMEOUT_MS : TESTS_TIMEOUT_MS);
if (table && passed) writeTable(observations);
// Last, where it is read.
for (const reason of reasons) console.log(reason);
process.exit(passed ? 0 : 1);

/** @returns whether it ended well, and in time */
function run(program, args, timeout) {
  const { status, error } = spawnSync(program, args, {
    cwd: here,
    stdio: "inherit",
    timeout,
    env: { ...process.env, OBSERVATIONS: observations, ALL_AGENTS: all ? "1" : "0" },
  });
  if (error) console.error(`${program}: ${error.message}`);
  return status === 0;
}
