// Runs real coding agents against the real server and a stub model: installs them when needed, then tests in a network
// namespace that has nothing but loopback, where one can be made.
//   --all    also those that take too long for every run
//   --table  writes docs/agents.md from what was seen; only with --all and nothing left out, so that it is of one run
//   --at-once=N  how many agents are run at a time; 1 without it
// Any other argument goes to node's test runner, e.g. --test-name-pattern=Codex.
import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileCache } from "../../scripts/compile-cache.js";
import { missing } from "./agents/coding-agent.ts";
import { agents, commands } from "./agents/index.ts";
import { writeTable } from "./table.ts";

const INSTALL_TIMEOUT_MS = 4 * 60_000;

const here = dirname(fileURLToPath(import.meta.url));
const given = new Set(process.argv.slice(2));
const all = given.delete("--all");
const table = given.delete("--table");
const atOnceOption = [...given].find((option) => option.startsWith("--at-once="));
if (atOnceOption) given.delete(atOnceOption);
const atOnce = Number(atOnceOption?.slice("--at-once=".length) ?? 1);
if (!Number.isInteger(atOnce) || atOnce < 1) fail("--at-once takes a whole number from 1 on.");
if (table && (!all || given.size > 0))
  fail("--table is of one whole run: use it with --all, and narrow nothing.");
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
if (table && reasons.length > 0) fail(`The table would not be whole. ${reasons.join(" ")}`);

const tests = [
  process.execPath,
  "--conditions=mission-control-source",
  "--disable-warning=ExperimentalWarning",
  "--test",
  // Of one test. Each agent has a limit of its own in real-agents.test.ts; the whole has none.
  "--test-timeout=300000",
  // A test that timed out may still wait for something.
  "--test-force-exit",
  ...given,
  `${here}/real-agents.test.ts`,
];
const unshare = ["--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"];
const alone = spawnSync("unshare", [...unshare, "true"]).status === 0;
if (!alone) console.log("No network namespace can be made here: the agents could reach the network.");
const [program, ...args] = alone ? ["unshare", ...unshare, ...tests] : tests;
const passed = run(program, args);
if (table && passed) writeTable(observations);
// Last, where it is read.
for (const reason of reasons) console.log(reason);
process.exit(passed ? 0 : 1);

function fail(reason) {
  console.error(reason);
  process.exit(2);
}

/** @returns whether it ended well, and in time where there is a limit */
function run(program, args, timeout) {
  const { status, error } = spawnSync(program, args, {
    cwd: here,
    stdio: "inherit",
    timeout,
    env: {
      ...process.env,
      ...compileCache,
      OBSERVATIONS: observations,
      ALL_AGENTS: all ? "1" : "0",
      AT_ONCE: String(atOnce),
    },
  });
  if (error) console.error(`${program}: ${error.message}`);
  return status === 0;
}
