import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { LogEvent, TaskView, TranscriptPage } from "@mission-control/protocol";
import { type PermissionPolicy, type Runner, runAcpAgent } from "@mission-control/runner";
import { processesOf, processesWith, until } from "../../packages/runner/test/processes.ts";
import type { CodingAgent } from "./agents/coding-agent.ts";
import type { Grounds } from "./grounds.ts";

/** So that no two agents wait alike; Claude Code lets nothing call `sleep` alone. */
let waits = 100;

/** What every agent is tried with that speaks the Agent Client Protocol. */
export function acpSuite(agent: CodingAgent, { control, model, folder, observations }: Grounds): void {
  const home = join(folder, agent.name.replaceAll(" ", "-"));
  const work = join(home, "work");
  const see = observations.see.bind(observations, agent);
  /** All processes that belong to its runs, by the environment they inherited. */
  const ownProcesses = () => processesWith("HOME", home);
  let runner: Runner;

  async function start(name: string, permissions: PermissionPolicy, mode?: string): Promise<void> {
    mkdirSync(work, { recursive: true });
    const env = agent.prepare(home, model.url);
    runner = await runAcpAgent({
      server: control().url,
      token: control().token,
      name,
      acp: agent.acp,
      cwd: work,
      permissions,
      mode,
      env: { ...env, MISSION_CONTROL_DATA_DIR: join(home, "data") },
      passEnv: Object.keys(env),
    });
  }

  const dispatch = (script: string, requiresReview = false) =>
    control().dispatch(runner.agentId, script, requiresReview);
  const ended = async (task: TaskView) => {
    const done = await control().reached(task.id, "completed", "failed");
    await until(() => ownProcesses().length === 0);
    return done;
  };
  const eventsOf = (task: TaskView, type: string) =>
    control().events.filter((event) => event.taskId === task.id && event.type === type);
  const told = (task: TaskView, text: string) =>
    eventsOf(task, "activity").filter(({ message }) => message?.includes(text));

  before(() => start(agent.name, "allow", agent.freeMode));
  after(() => runner?.close());

  test("a task: uses a tool, reports progress, completes, tells what it used", async () => {
    const done = await ended(await dispatch("RUN echo made-by-agent\nSAY All done here."));
    assert.equal(done.error, undefined);
    assert.match(done.summary ?? "", /All done here\./);
    assert.ok(told(done, "echo made-by-agent").length > 0, JSON.stringify(eventsOf(done, "activity")));
    see("task", "yes");
    const { inputTokens, cost } = done.usage ?? {};
    if (agent.tellsNoTokens) assert.equal(inputTokens, undefined);
    // Two calls, each of 11 tokens that were new and 100 from the cache.
    else assert.ok(inputTokens === 222 || inputTokens === 111, `${inputTokens} tokens`);
    see("tokens", inputTokens === 222 ? "all" : inputTokens === 111 ? "the last call's" : "no");
    see("cost", cost ? "yes" : "no");
  });

  test("a model that refuses fails the task, at once and after a tool call", async () => {
    const words: boolean[] = [];
    for (const script of ["FAIL", "RUN echo before\nBREAK"]) {
      const done = await ended(await dispatch(script));
      assert.equal(done.status, "failed", done.summary);
      words.push(/the stub model refuses/.test(done.error ?? ""));
    }
    if (!agent.tellsNoErrors) assert.deepEqual(words, [true, true]);
    see("error", words.every(Boolean) ? "failed, with its words" : "failed, without words");
  });

  test("a model that says nothing does not pass for done", {
    skip: agent.insistsOnWords ?? false,
  }, async () => {
    const done = await ended(await dispatch("MUTE"));
    assert.equal(done.status, "failed", done.summary);
    see("silence", "failed");
  });

  test("rejected with feedback: goes on, in the same session where it can be loaded", async () => {
    const task = await dispatch("RUN echo first-try\nSAY First.", true);
    const first = await control().reached(task.id, "review", "failed");
    assert.match(first.summary ?? "", /First\./, first.error);
    await control().call("POST", `/api/tasks/${task.id}/reject`, {
      feedback: "RUN echo second-try\nSAY Second.",
    });
    const isSecond = ({ type, message }: LogEvent) => type === "complete" && /Second\./.test(message ?? "");
    await control().event(task.id, isSecond);
    await until(() => ownProcesses().length === 0);
    const sessions = new Set(eventsOf(task, "complete").map(({ data }) => data.sessionId)).size;
    const { losesSessions = false } = agent;
    assert.equal(sessions, losesSessions ? 2 : 1);
    // In the same session, the second attempt need not do again what the first did.
    const { attempts } = await control().task(task.id);
    const again = told(task, "echo first-try").filter(({ dispatchId }) => dispatchId === attempts.at(-1)?.id);
    assert.equal(again.length > 0, losesSessions);
    assert.ok(told(task, "echo second-try").length > 0);
    see("feedback", sessions === 1 ? "same session" : "new session");
    const [costBefore = 0, costAfter = 0] = attempts.map(({ usage }) => usage?.cost?.amount);
    // Two model calls each, all of the same price: none is counted twice.
    if (costBefore)
      assert.ok(Math.abs(costAfter / costBefore - 1) < 0.01, `${costBefore}, then ${costAfter}`);
  });

  test("cancelled in the middle of a tool: no process is left", async () => {
    const waiting = `tail -s ${++waits}.${process.pid} -f /dev/null`;
    const task = await dispatch(`RUN ${waiting}\nSAY never`);
    await until(() => processesOf(waiting).length > 0);
    await control().call("POST", `/api/tasks/${task.id}/cancel`);
    assert.equal((await control().reached(task.id, "cancelled")).status, "cancelled");
    await until(() => runner.running.length === 0);
    assert.deepEqual(processesOf(waiting), []);
    assert.deepEqual(ownProcesses(), []);
    see("cancel", "nothing left");
  });

  test("killed with SIGKILL: the task fails in words, and the tool ends too", async () => {
    const waiting = `tail -s ${++waits}.${process.pid} -f /dev/null`;
    const task = await dispatch(`RUN ${waiting}\nSAY never`);
    await until(() => processesOf(waiting).length > 0);
    await control().event(task.id, ({ message }) => message?.includes(waiting) ?? false);
    const [oldest] = ownProcesses();
    process.kill(oldest ?? 0, "SIGKILL");
    const done = await ended(task);
    assert.equal(done.status, "failed");
    assert.match(done.error ?? "", /was ended by SIGKILL/);
    assert.deepEqual(processesOf(waiting), []);
    see("killed", "failed, nothing left");
  });

  test("the policy `ask`: never without effect", async () => {
    await runner.close();
    if (agent.neverAsks) {
      await assert.rejects(start(`${agent.name} asking`, "ask"), /never asks for permission/);
      see("asks", "never: refused");
      return;
    }
    await start(`${agent.name} asking`, "ask");
    for (const kind of ["allow_once", "reject_once"]) {
      const file = join(work, `asked-${kind}`);
      const { task, request } = await asked(`ESCALATE\nRUN touch ${file}\nSAY Went on.`);
      assert.match(request.title, /touch .*asked/);
      assert.equal(existsSync(file), false, "not before the answer");
      const done = await answer(task, request, kind);
      assert.equal(existsSync(file), kind === "allow_once");
      if (kind === "allow_once") assert.equal(done.status, "completed", done.error);
      else see("refused", done.status === "completed" ? "says so, completed" : "ends, failed");
      if (done.status === "failed") assert.match(done.error ?? "", /was refused/);
    }
    see("asks", "yes");
  });

  test("an edit is asked about with its diff", { skip: agent.neverAsks ?? false }, async () => {
    const file = join(work, "new.txt");
    const { task, request } = await asked(`WRITE ${file}\nSAY Written.`);
    assert.equal(existsSync(file), false, "not before the answer");
    assert.match(request.diff ?? "", /^\+written by the model$/m);
    assert.equal((await answer(task, request, "allow_once")).status, "completed");
    assert.equal(existsSync(file), true);
    const { items } = await control().call<TranscriptPage>("GET", `/api/tasks/${task.id}/transcript`);
    const told = items.find((entry) => entry.kind === "file");
    if (agent.tellsNoFiles) assert.equal(told, undefined, "it tells of files after all");
    else assert.match((told?.kind === "file" && told.diff) || "", /^\+written by the model$/m);
    see("diff", told ? "shown, and in the transcript" : "shown");
  });

  test("a choice it leaves to its user is a form, and its model gets the answer", {
    skip: !agent.inquires,
  }, async () => {
    const { task, request } = await asked("INQUIRE Red,Blue\nSAY Chosen.");
    const field = request.fields?.find(({ type }) => type === "choice");
    const option = field?.options?.find((name) => name.startsWith("Blue"));
    assert.ok(field && option, JSON.stringify(request));
    const body = { optionId: "submit", values: { [field.name]: option } };
    await control().call("POST", `/api/tasks/${task.id}/permissions/${request.id}`, body);
    assert.match((await ended(task)).summary ?? "", /Chosen\./);
    assert.match(model.bodies.at(-1) ?? "", /Which colour\?\W+Blue\W/, "as the tool's result");
    see("form", "a form");
  });

  async function asked(script: string) {
    const task = await dispatch(script);
    const isDecisive = ({ type }: LogEvent) => ["permission", "complete", "error"].includes(type);
    await control().event(task.id, isDecisive);
    const { waitingFor, ...rest } = await control().task(task.id);
    assert.ok(waitingFor, JSON.stringify(rest));
    return { task, request: waitingFor };
  }

  async function answer(task: TaskView, request: NonNullable<TaskView["waitingFor"]>, kind: string) {
    const option = request.options.find((candidate) => candidate.kind === kind);
    assert.ok(option, JSON.stringify(request.options));
    await control().call("POST", `/api/tasks/${task.id}/permissions/${request.id}`, {
      optionId: option.optionId,
    });
    const done = await ended(task);
    assert.equal(done.waitingFor, undefined);
    return done;
  }
}
