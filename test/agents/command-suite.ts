import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Runner, runExecAgent } from "@mission-control/runner";
import { processesOf, processesWith, until } from "../../packages/runner/test/processes.ts";
import type { CodingCommand } from "./agents/coding-agent.ts";
import type { Grounds } from "./grounds.ts";

/** So that no two programs wait alike. */
let waits = 900;

/** What a program is tried with that prints what it does as JSON. */
export function commandSuite(
  command: CodingCommand,
  { control, model, folder, observations }: Grounds,
): void {
  const home = join(folder, command.name.replaceAll(" ", "-"));
  const see = observations.see.bind(observations, command);
  /** All processes that belong to its runs, by the environment they inherited. */
  const ownProcesses = () => processesWith("HOME", home);
  let runner: Runner;

  before(async () => {
    mkdirSync(home, { recursive: true });
    const env = command.prepare(home, model.url);
    runner = await runExecAgent({
      server: control().url,
      token: control().token,
      name: command.name,
      exec: command.exec,
      cwd: home,
      env: { ...env, MISSION_CONTROL_DATA_DIR: join(home, "data") },
      passEnv: Object.keys(env),
    });
  });
  after(() => runner?.close());

  const run = async (script: string) => {
    const task = await control().dispatch(runner.agentId, script);
    return control().reached(task.id, "completed", "failed");
  };

  test("its JSON becomes progress, usage and the summary", async () => {
    const done = await run("RUN echo made-by-cli\nSAY All done.");
    assert.equal(done.error, undefined);
    assert.equal(done.summary, "All done.");
    // Two calls, each of 11 tokens that were new and 100 from the cache.
    assert.equal(done.usage?.inputTokens, 222);
    const activity = control().events.filter(({ taskId, type }) => taskId === done.id && type === "activity");
    assert.ok(
      activity.some(({ message }) => message?.includes("echo made-by-cli")),
      JSON.stringify(activity),
    );
    assert.ok(!activity.some(({ message }) => message?.includes('{"')), JSON.stringify(activity));
    see("task", "yes");
    see("tokens", "all");
    see("cost", done.usage?.cost ? "yes" : "no");
  });

  test("a model that refuses fails the task, in words, at once and after a tool call", async () => {
    for (const script of ["FAIL", "RUN echo before\nBREAK"]) {
      const done = await run(script);
      assert.equal(done.status, "failed");
      assert.match(done.error ?? "", /the stub model refuses/);
    }
    see("error", "failed, with its words");
  });

  test("a model that says nothing is not called done", async () => {
    const done = await run("MUTE");
    const said = `${done.summary ?? ""}${done.error ?? ""}`;
    assert.match(said, /said nothing|without having said/);
    see("silence", done.status === "failed" ? "failed" : "completed, and said so");
  });

  test("cancelled in the middle of a tool: no process is left", async () => {
    const waiting = `tail -s ${++waits}.${process.pid} -f /dev/null`;
    const task = await control().dispatch(runner.agentId, `RUN ${waiting}\nSAY never`);
    await until(() => processesOf(waiting).length > 0);
    await control().call("POST", `/api/tasks/${task.id}/cancel`);
    assert.equal((await control().reached(task.id, "cancelled")).status, "cancelled");
    await until(() => runner.running.length === 0);
    assert.deepEqual(processesOf(waiting), []);
    assert.deepEqual(ownProcesses(), []);
    see("cancel", "nothing left");
  });
}
