import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { LogEvent } from "@mission-control/protocol";
import { type Runner, runAcpAgent, runExecAgent } from "@mission-control/runner";
import { MissionControlProcess } from "../../packages/agent/test/mission-control-process.ts";
import { agents, type CodingAgent, type CodingCommand, codex, commands, missing } from "./coding-agents.ts";
import { StubModel } from "./stub-model/stub-model.ts";

const folder = mkdtempSync(join(tmpdir(), "mc-agents-"));
const model = new StubModel();
let control: MissionControlProcess;

before(async () => {
  await model.listen();
  control = await MissionControlProcess.start(join(folder, "server"));
});
after(async () => {
  await control?.close();
  await model.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Ids of processes that have the text in their command line, and are none of a shell that only mentions it. */
function processes(text: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").includes(text);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Processes tell no one when they come and go. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await wait(20);
}

/** All processes that belong to runs in this folder, by the environment they inherited. */
function agentsIn(home: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "latin1").includes(`HOME=${home}\0`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

for (const agent of agents) describe(agent.name, { skip: missing(agent) ?? false }, () => suite(agent));
for (const command of commands) {
  describe(command.name, { skip: missing(command) ?? false }, () => commandSuite(command));
}

function suite(agent: CodingAgent): void {
  const home = join(folder, agent.name.replace(" ", "-"));
  const work = join(home, "work");
  let runner: Runner;
  let sleeps = 100;

  async function start(name: string, mode?: string): Promise<void> {
    mkdirSync(work, { recursive: true });
    const env = { ...agent.prepare(home, model.url), MISSION_CONTROL_DATA_DIR: join(home, "data") };
    runner = await runAcpAgent({
      server: control.url,
      token: control.token,
      name,
      acp: agent.acp,
      cwd: work,
      env,
      mode,
    });
  }

  before(() => start(agent.name, agent.freeMode));
  after(() => runner?.close());

  test("a task: uses a tool, reports progress, completes", async () => {
    const task = await control.dispatch(runner.agentId, "RUN echo made-by-agent\nSAY All done here.");
    const done = await control.reached(task.id, "completed", "failed");
    assert.equal(done.error, undefined);
    assert.equal(done.status, "completed");
    assert.match(done.summary ?? "", /All done here\./);
    const activity = control.events.filter(({ taskId, type }) => taskId === task.id && type === "activity");
    assert.ok(
      activity.some(({ message }) => message?.includes("echo made-by-agent")),
      JSON.stringify(activity),
    );
    // Codex tells its tokens only in its own JSON output.
    if (agent !== codex) assert.ok((done.usage?.inputTokens ?? 0) > 0, "usage");
    await until(() => agentsIn(home).length === 0);
  });

  test("a model that refuses fails the task, in words", async () => {
    const task = await control.dispatch(runner.agentId, "FAIL");
    const done = await control.reached(task.id, "completed", "failed");
    assert.equal(done.status, "failed");
    assert.match(done.error ?? "", /the stub model refuses/);
    await until(() => agentsIn(home).length === 0);
  });

  test("rejected with feedback: goes on, in the same session where it can be loaded", async () => {
    const task = await control.dispatch(runner.agentId, "RUN echo first-try\nSAY First.", true);
    assert.match((await control.reached(task.id, "review", "failed")).summary ?? "", /First\./);
    await control.call("POST", `/api/tasks/${task.id}/reject`, {
      feedback: "RUN echo second-try\nSAY Second.",
    });
    const isSecond = ({ type, message }: LogEvent) => type === "complete" && /Second\./.test(message ?? "");
    await control.event(task.id, isSecond);
    const ends = control.events.filter(({ taskId, type }) => taskId === task.id && type === "complete");
    const { losesSessions = false } = agent;
    assert.equal(new Set(ends.map(({ data }) => data.sessionId)).size, losesSessions ? 2 : 1);
    const activity = control.events.filter(({ taskId, type }) => taskId === task.id && type === "activity");
    const firstTries = activity.filter(({ message }) => message?.includes("echo first-try"));
    assert.equal(firstTries.length, losesSessions ? 2 : 1);
    assert.ok(
      activity.some(({ message }) => message?.includes("echo second-try")),
      JSON.stringify(activity),
    );
    await until(() => agentsIn(home).length === 0);
  });

  test("cancelled in the middle of a tool: no process is left", async () => {
    const sleep = `sleep ${++sleeps}.25`;
    const task = await control.dispatch(runner.agentId, `RUN ${sleep}\nSAY never`);
    await until(() => processes(sleep).length > 0);
    await control.call("POST", `/api/tasks/${task.id}/cancel`);
    assert.equal((await control.reached(task.id, "cancelled")).status, "cancelled");
    await until(() => runner.running.length === 0);
    assert.deepEqual(processes(sleep), []);
    assert.deepEqual(agentsIn(home), []);
  });

  test("killed with SIGKILL: the task fails in words, and the tool ends too", async () => {
    const sleep = `sleep ${++sleeps}.25`;
    const task = await control.dispatch(runner.agentId, `RUN ${sleep}\nSAY never`);
    await until(() => processes(sleep).length > 0);
    await control.event(task.id, ({ message }) => message?.includes(sleep) ?? false);
    const [oldest] = agentsIn(home).sort((a, b) => a - b);
    process.kill(oldest ?? 0, "SIGKILL");
    const done = await control.reached(task.id, "completed", "failed");
    assert.equal(done.status, "failed");
    assert.match(done.error ?? "", /was ended by SIGKILL/);
    assert.match(done.lastState ?? "", new RegExp(sleep));
    await until(() => agentsIn(home).length === 0);
    assert.deepEqual(processes(sleep), []);
  });

  test("asks permission, and gets yes and no from the operator", async () => {
    await runner.close();
    await start(`${agent.name} asking`);
    for (const kind of ["allow_once", "reject_once"]) {
      const task = await control.dispatch(
        runner.agentId,
        `ESCALATE\nRUN touch asked && rm asked\nSAY Went on.`,
      );
      await control.event(
        task.id,
        ({ type }) => type === "permission" || type === "complete" || type === "error",
      );
      const { waitingFor, ...rest } = await control.task(task.id);
      assert.ok(waitingFor, JSON.stringify(rest));
      assert.match(waitingFor.title, /touch asked/);
      const option = waitingFor.options.find((candidate) => candidate.kind === kind);
      assert.ok(option, JSON.stringify(waitingFor.options));
      await control.call("POST", `/api/tasks/${task.id}/permissions/${waitingFor.id}`, {
        optionId: option.optionId,
      });
      const done = await control.reached(task.id, "completed", "failed");
      assert.equal(done.waitingFor, undefined);
      if (kind === "allow_once") assert.equal(done.status, "completed", done.error);
      await until(() => agentsIn(home).length === 0);
    }
  });
}

function commandSuite(command: CodingCommand): void {
  const home = join(folder, command.name.replace(" ", "-"));
  let runner: Runner;

  before(async () => {
    mkdirSync(home, { recursive: true });
    runner = await runExecAgent({
      server: control.url,
      token: control.token,
      name: command.name,
      exec: command.exec,
      cwd: home,
      env: { ...command.prepare(home, model.url), MISSION_CONTROL_DATA_DIR: join(home, "data") },
    });
  });
  after(() => runner?.close());

  test("its JSON becomes progress, usage and the summary", async () => {
    const task = await control.dispatch(runner.agentId, "RUN echo made-by-cli\nSAY All done.");
    const done = await control.reached(task.id, "completed", "failed");
    assert.equal(done.error, undefined);
    assert.equal(done.summary, "All done.");
    assert.ok((done.usage?.inputTokens ?? 0) > 0, JSON.stringify(done.usage));
    const activity = control.events.filter(({ taskId, type }) => taskId === task.id && type === "activity");
    assert.ok(
      activity.some(({ message }) => message?.includes("echo made-by-cli")),
      JSON.stringify(activity),
    );
    assert.ok(!activity.some(({ message }) => message?.includes('{"')), JSON.stringify(activity));
  });

  test("a model that refuses fails the task, in words", async () => {
    const task = await control.dispatch(runner.agentId, "FAIL");
    const done = await control.reached(task.id, "completed", "failed");
    assert.equal(done.status, "failed");
    assert.match(done.error ?? "", /the stub model refuses/);
  });

  test("cancelled in the middle of a tool: no process is left", async () => {
    const task = await control.dispatch(runner.agentId, "RUN sleep 99.75\nSAY never");
    await until(() => processes("sleep 99.75").length > 0);
    await control.call("POST", `/api/tasks/${task.id}/cancel`);
    assert.equal((await control.reached(task.id, "cancelled")).status, "cancelled");
    await until(() => runner.running.length === 0);
    assert.deepEqual(processes("sleep 99.75"), []);
    assert.deepEqual(agentsIn(home), []);
  });
}
