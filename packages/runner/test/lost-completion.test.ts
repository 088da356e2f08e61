import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { LogEvent } from "@mission-control/protocol";
import { MissionControlProcess } from "../../agent/test/mission-control-process.ts";

const main = fileURLToPath(new URL("../../cli/src/main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "mc-lost-"));
const data = join(folder, "server");
const spool = join(folder, "agent/spool");
/** A program that works until this file is there. */
const finish = join(folder, "finish");
const script = join(folder, "work.sh");
let control: MissionControlProcess;
let port: string;
const runners: ChildProcess[] = [];

before(async () => {
  control = await MissionControlProcess.start(data);
  port = new URL(control.url).port;
  writeFileSync(script, `while [ ! -e ${finish} ]; do sleep 0.05; done\necho "the work is done"\n`);
});
beforeEach(() => rmSync(finish, { force: true }));
after(async () => {
  for (const runner of runners) runner.kill("SIGKILL");
  await control.close();
  rmSync(folder, { recursive: true });
});

/** Starts `mission-control agent`; resolves with it and the agent's id once it takes tasks. */
async function startRunner(): Promise<{ runner: ChildProcess; agentId: string }> {
  const flags = ["--conditions=mission-control-source", "--disable-warning=ExperimentalWarning"];
  const args = [main, "agent", "--exec", `sh ${script}`, "--name", "worker", "--cwd", folder, "--json"];
  const runner = spawn(
    process.execPath,
    [...flags, ...args, "--url", control.url, "--token", control.token],
    {
      env: { PATH: process.env.PATH, HOME: folder, MISSION_CONTROL_DATA_DIR: join(folder, "agent") },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  runners.push(runner);
  runner.stderr.resume();
  const [line] = (await once(createInterface({ input: runner.stdout }), "line")) as [string];
  return { runner, agentId: (JSON.parse(line) as { agentId: string }).agentId };
}

async function end(process: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const gone = once(process, "exit");
  process.kill(signal);
  await gone;
}

/** Resolves once the completion is written down. */
async function completionKept(): Promise<void> {
  const texts = () => readdirSync(spool).map((name) => readFileSync(join(spool, name), "utf8"));
  while (!texts().some((text) => text.includes('"type":"complete"'))) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const ends = (taskId: string) =>
  control.events.filter((event) => event.taskId === taskId && ["complete", "error"].includes(event.type));

for (const signal of ["SIGTERM", "SIGKILL"] as const) {
  test(`a task that ended while the server was down is completed, once, after the runner met ${signal}`, async () => {
    const first = await startRunner();
    const task = await control.dispatch(first.agentId, "work");
    assert.equal(task.status, "in_progress");
    await control.event(task.id, ({ message }: LogEvent) => /is at work/.test(message ?? ""));
    await control.kill();
    writeFileSync(finish, "");
    await completionKept();
    await end(first.runner, signal);

    control = await MissionControlProcess.start(data, { PORT: port });
    assert.equal((await control.task(task.id)).status, "in_progress");
    const second = await startRunner();
    const done = await control.reached(task.id, "completed", "failed");
    assert.equal(done.status, "completed", done.error);
    assert.equal(done.summary, "the work is done");

    // Its slot is free again: the next task runs, and nothing more is told of the first.
    const next = await control.dispatch(second.agentId, "work");
    assert.equal((await control.reached(next.id, "completed", "failed")).status, "completed");
    assert.deepEqual(
      ends(task.id).map(({ type }) => type),
      ["complete"],
    );
    const history = await control.call<{ items: LogEvent[] }>(
      "GET",
      `/api/tasks/${task.id}/events?limit=100`,
    );
    assert.deepEqual(
      history.items.filter(({ data }) => data.late),
      [],
    );
    await end(second.runner, "SIGKILL");
  });
}
