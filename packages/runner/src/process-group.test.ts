import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { isRunning, processesWith, until } from "../test/processes.ts";
import { nap, Stage } from "../test/stage.ts";
import { ProcessGroup } from "./process-group.ts";
import { RUN_MARK } from "./run-mark.ts";

const FLAGS = ["--conditions=mission-control-source", "--disable-warning=ExperimentalWarning"];

let stage: Stage;
let children: ChildProcess[];
beforeEach(async () => {
  stage = await Stage.open();
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  await stage.close();
});

/** Starts a runner in a process of its own, and waits until it is ready. */
async function startRunner(command: string, name = "killed"): Promise<ChildProcess> {
  const script = fileURLToPath(new URL("../test/runner-in-child.ts", import.meta.url));
  const { control, options } = stage;
  const child = spawn(process.execPath, [...FLAGS, script], {
    cwd: stage.work,
    env: { ...options.env, SERVER: control.url, TOKEN: control.token, COMMAND: command, NAME: name },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  await once(child.stdout, "data");
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

test("when the runner is killed, the processes of its runs end at once", async () => {
  const first = await startRunner(`sh -c 'trap "" TERM HUP; ${nap(4325)} & ${nap(4325)}'`);
  await stage.control.dispatch("d1", { description: "" });
  await until(() => isRunning(nap(4325)));
  await kill(first);
  await until(() => !isRunning(nap(4325)));
});

test("a program does not begin where the runner dies before it could guard it", async () => {
  const script = fileURLToPath(new URL("../test/dies-before-guard.ts", import.meta.url));
  const begun = join(stage.folder, "begun");
  const child = spawn(process.execPath, [...FLAGS, script, "touch", begun], { stdio: "inherit" });
  children.push(child);
  assert.deepEqual(await once(child, "exit"), [null, "SIGKILL"]);
  await until(() => processesWith(RUN_MARK, begun).length === 0);
  assert.equal(existsSync(begun), false);
});

test("started again, it reports the run as failed and ends what left the group, of its own runs only", async (t) => {
  const command = `sh -c 'setsid ${nap(4328)} & ${nap(4328)}'`;
  const first = await startRunner(command);
  await stage.control.dispatch("d1", { description: "" });
  await until(() => isRunning(nap(4328)));
  // Another runner's process for a dispatch of the same id, as another server may give it.
  const others = new ProcessGroup(nap(4329).split(" "), { cwd: "/", env: process.env, mark: "d1" });
  t.after(() => others.end());
  await kill(first);
  await startRunner(command);
  assert.equal(
    (await stage.control.outcome("d1")).error,
    "The runner was stopped in the middle of this task.",
  );
  assert.equal(isRunning(nap(4328)), false);
  assert.equal(isRunning(nap(4329)), true);
  await others.end();
  assert.equal(isRunning(nap(4329)), false);
});

test("a group that has ended is never signalled again: its id may be another's", async (t) => {
  const group = new ProcessGroup(["true"], { cwd: "/", env: process.env, mark: "m" });
  await group.exited;
  const signals = t.mock.method(process, "kill", () => true);
  await group.end();
  await group.end();
  assert.deepEqual(
    signals.mock.calls.map(({ arguments: [pid = 0] }) => pid).filter((pid) => pid < 0),
    [],
  );
});

test("what the system does not take is said in words", async () => {
  const options = { cwd: "/", env: { PATH: process.env.PATH }, mark: "m" };
  assert.throws(
    () => new ProcessGroup(["true", "x".repeat(200_000)], options),
    /"true" could not be started: its arguments and environment are longer than the system takes/,
  );
  assert.throws(
    () => new ProcessGroup(["/no/such"], options),
    /"\/no\/such" could not be started: it is not there any more/,
  );
  await assert.rejects(
    new ProcessGroup(["true"], { ...options, cwd: "/no/such" }).exited,
    /"true" could not be started: the folder \/no\/such is not there any more/,
  );
});
