import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { type Clock, systemClock } from "@mission-control/agent";
import { AcpBench } from "../test/acp-bench.ts";
import type { MissionControlDouble } from "../test/mission-control-double.ts";
import { isRunning, until } from "../test/processes.ts";
import { nap, Stage } from "../test/stage.ts";

let bench: AcpBench;
let control: MissionControlDouble;
beforeEach(async () => {
  bench = await AcpBench.open();
  control = bench.control;
});
afterEach(() => bench.close());

const script = (...steps: string[]) => ({ description: steps.join("\n") });

/** A clock by which the time limit is reached when the test says so, and the grace time once the agent was told. */
function clockWithLimit(seconds: number) {
  const reached = new AbortController();
  const clock: Clock = {
    now: Date.now,
    async sleep(ms, signal) {
      if (ms === seconds * 1000)
        await Promise.race([once(reached.signal, "abort"), signal && aborted(signal)]);
      else if (ms >= 5000) await until(() => bench.log.includes("cancel"));
      else await systemClock.sleep(ms, signal);
    },
  };
  return { clock, timeLimit: seconds, reach: () => reached.abort() };
}

async function aborted(signal: AbortSignal): Promise<void> {
  await once(signal, "abort");
  signal.throwIfAborted();
}

describe("registration", () => {
  test("the agent registers itself, and takes up its registration when it is started again", async () => {
    const first = await bench.start({ concurrency: 3, capabilities: ["code"] });
    assert.equal(first.agentId, "agent-1");
    assert.equal(control.agents.get("agent-1")?.endpoint.url, first.url);
    assert.equal(control.agents.get("agent-1")?.concurrency, 3);
    await first.close();
    const second = await bench.start();
    assert.equal(second.agentId, "agent-1");
    assert.equal(second.url, first.url);
    await second.close();
    control.agents.clear();
    assert.equal((await bench.start()).agentId, "agent-1", "registered anew");
  });

  test("a name that an agent has already, which is not run from here, is not given twice", async () => {
    const first = await bench.start();
    const elsewhere = await Stage.open();
    try {
      const second = elsewhere.exec("true", { server: bench.stage.control.url, token: control.token });
      await assert.rejects(second, {
        code: "registration",
        message: `There is an agent "fake" already, agent-1, reached at ${first.url}, that is not run from here: give this one another --name or, where nobody runs that one any more, remove it first with mission-control agents rm agent-1.`,
      });
    } finally {
      await elsewhere.close();
    }
    assert.equal(control.agents.size, 1);
  });

  test("its state is for this user alone", async () => {
    await bench.start();
    const runners = join(bench.stage.data, "runners");
    const file = join(runners, readdirSync(runners)[0] ?? "");
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  test("what is wrong is said in words", async () => {
    await assert.rejects(bench.start({ token: "wrong" }), /does not accept the token/);
    await assert.rejects(
      bench.start({ server: "http://127.0.0.1:1" }),
      /cannot be reached at http:\/\/127.0.0.1:1/,
    );
    await assert.rejects(bench.start({ cwd: "/nowhere" }), /The folder \/nowhere does not exist/);
    await assert.rejects(async () => bench.start({ acp: "'" }), /quote is not closed/);
  });
});

describe("an ACP agent", () => {
  test("a task becomes a turn: readable progress, usage, summary", async () => {
    await bench.start();
    await control.dispatch(
      "d1",
      script(
        "SAY I will look around.",
        "TOOL ls src",
        "BADTOOL cat nope",
        "PLAN 1,look,fix",
        "COST 0.25",
        "SAY All is well.",
      ),
    );
    const end = await control.outcome("d1");
    assert.equal(end.type, "complete");
    assert.equal(end.summary, "All is well.");
    assert.deepEqual(end.usage, {
      cost: { amount: 0.25, currency: "USD" },
      inputTokens: 120,
      outputTokens: 30,
    });
    const [start, ...rest] = control.progress("d1");
    assert.match(start ?? "", /is at work in \/.*work-/);
    assert.deepEqual(rest, [
      "I will look around.",
      "ls src",
      "cat nope",
      "cat nope failed: no such file",
      "Step 2 of 2: fix",
    ]);
    assert.ok(control.callbacks.stored.length <= 12, "coalesced");
    assert.equal(bench.log.at(-2), `new ${bench.stage.work}`);
    assert.match(bench.log.at(-1) ?? "", /A task\\n\\nSAY I will look around/);
    assert.equal(bench.isAgentRunning, false);
  });

  test("a flood of pieces becomes a few reports, each call but one or two", async () => {
    await bench.start();
    const words = Array.from({ length: 500 }, (_, i) => `word-${i} `).join("");
    await control.dispatch(
      "d1",
      script(`SAY ${words}`, ...Array.from({ length: 100 }, (_, i) => `TOOL step ${i}`), "SAY done"),
    );
    await control.outcome("d1");
    const { stored } = control.callbacks;
    assert.ok(stored.length < 215, `${stored.length} callbacks`);
    assert.ok(control.progress("d1").includes("step 99"));
  });

  for (const [reason, words] of [
    ["refusal", /refused to go on/],
    ["max_tokens", /limit of tokens/],
    ["cancelled", /ended its turn as cancelled/],
  ] as const) {
    test(`a turn that stops with ${reason} fails the task with the last state`, async () => {
      await bench.start();
      await control.dispatch("d1", script("TOOL make test", `STOP ${reason}`));
      const end = await control.outcome("d1");
      assert.equal(end.type, "error");
      assert.match(end.error ?? "", words);
      assert.equal(end.lastState, "make test");
    });
  }

  test("cancel stops the turn, and no process is left", async () => {
    await bench.start();
    await control.dispatch("d1", script(`SPAWN ${nap(4321)}`, "TOOL sleep", "HANG"));
    await until(() => isRunning(nap(4321)));
    await control.cancel("d1");
    await until(() => bench.runner?.running.length === 0);
    assert.ok(bench.log.includes("cancel"));
    assert.equal(isRunning(nap(4321)), false);
    assert.equal(bench.isAgentRunning, false);
    assert.deepEqual(
      control.callbacks.stored.filter(({ type }) => type !== "progress"),
      [],
    );
  });

  test("an agent that is killed fails the task in words, and takes its processes with it", async () => {
    await bench.start();
    await control.dispatch("d1", script(`SPAWN ${nap(4322)}`, "TOOL compile", "DIE"));
    const end = await control.outcome("d1");
    assert.equal(end.type, "error");
    assert.match(end.error ?? "", /was ended by SIGKILL\. It wrote: out of memory/);
    assert.equal(end.lastState, "compile");
    assert.equal(isRunning(nap(4322)), false);
    await control.dispatch("d2", script("SAY back again"));
    assert.equal((await control.outcome("d2")).summary, "back again");
  });

  test("an agent that dies before it was given the task is started again", async () => {
    const deaths = join(bench.stage.folder, "deaths");
    writeFileSync(deaths, "2"); // Also when it is tried at the start.
    await bench.start({}, { FAKE_DIES_AT_START: deaths });
    await control.dispatch("d1", script("SAY at last"));
    assert.equal((await control.outcome("d1")).summary, "at last");
    assert.match(
      control.progress("d1").join("\n"),
      /ended with exit code 7\. It wrote: no licence server Starting it again/,
    );
  });

  test("an agent's error fails the task with what is behind it", async () => {
    await bench.start();
    await control.dispatch("d1", script('ERROR {"details":"the disk is full"}'));
    assert.equal(
      (await control.outcome("d1")).error,
      "node answered with an error: Internal error: the disk is full.",
    );
  });

  test("a task that takes too long is ended and fails, even if the agent does not listen", async () => {
    const { reach, ...limited } = clockWithLimit(60);
    await bench.start(limited);
    await control.dispatch("d1", script("TOOL loop", "DEAF"));
    await control.callbacks.until(() => control.progress("d1").includes("loop"));
    reach();
    const end = await control.outcome("d1");
    assert.equal(end.error, "The time limit of 60 s was reached.");
    assert.equal(end.lastState, "loop");
    assert.ok(bench.log.includes("cancel"));
    assert.equal(bench.isAgentRunning, false);
  });

  test("feedback goes on in the same session, also after a restart of the runner", async () => {
    await bench.start();
    await control.dispatch("d1", { ...script("SAY first"), id: "task-7" });
    await control.outcome("d1");
    await bench.stop();
    await bench.start({ mode: "auto" });
    await control.dispatch("d2", { ...script("SAY never"), id: "task-7", feedback: "SAY second" });
    assert.equal((await control.outcome("d2")).summary, "second");
    assert.deepEqual(bench.log.slice(-3, -1), ["load session-1", "mode auto"]);
    assert.doesNotMatch(control.progress("d2").join(), /history/);
  });

  test("a mode of the agent's own can be set, and an unknown one is named", async () => {
    await bench.start({ mode: "auto" });
    await control.dispatch("d1", script("SAY x"));
    await control.outcome("d1");
    assert.ok(bench.log.includes("mode auto"));
    await bench.stop();
    await assert.rejects(bench.start({ mode: "turbo" }), /has no mode "turbo"; it has: default, auto/);
  });

  test("no more runs work at once than there are slots", async () => {
    await bench.start({ concurrency: 2 });
    for (const id of ["d1", "d2", "d3"]) await control.dispatch(id, script("HANG"));
    const prompts = () => bench.log.filter((line) => line.startsWith("prompt")).length;
    await until(() => prompts() === 2);
    await control.cancel("d1");
    await until(() => prompts() === 3);
    await control.cancel("d3");
    await control.cancel("d2");
    await until(() => bench.runner?.running.length === 0);
  });

  test("closing ends the runs and says so", async () => {
    await bench.start();
    await control.dispatch("d1", script("TOOL wait", "HANG"));
    await until(() => bench.log.some((line) => line.startsWith("prompt")));
    await bench.stop();
    assert.equal((await control.outcome("d1")).error, "The agent is shutting down.");
    assert.equal(bench.isAgentRunning, false);
  });
});

describe("permissions", () => {
  test("ask: the operator says yes or no, reading needs no question", async () => {
    await bench.start();
    await control.dispatch("d1", script("ASK read:cat README", "ASK execute:rm -rf build"));
    const { request } = await control.outcome("d1", ["permission"]);
    assert.equal(request?.title, "rm -rf build");
    assert.deepEqual(request?.options[1], { optionId: "no", name: "Reject", kind: "reject_once" });
    await control.answer("d1", request?.id ?? "", "no");
    assert.equal((await control.outcome("d1")).summary, "answer: no");
    assert.ok(control.progress("d1").includes('cat README: Allow, by the policy "ask"'));
  });

  test("cancel withdraws the question", async () => {
    await bench.start();
    await control.dispatch("d1", script("ASK execute:x", "HANG"));
    const { request } = await control.outcome("d1", ["permission"]);
    await control.cancel("d1");
    await until(() => bench.runner?.running.length === 0);
    await assert.rejects(control.answer("d1", request?.id ?? "", "yes"), /404/);
  });

  for (const [policy, reading, other] of [
    ["read-only", "yes", "no"],
    ["deny", "no", "no"],
    ["allow", "yes", "yes"],
  ] as const) {
    test(`${policy}: nobody is asked`, async () => {
      await bench.start({ permissions: policy });
      await control.dispatch("d1", script("ASK read:a", "ASK execute:b"));
      const end = await control.outcome("d1");
      const said = [...control.progress("d1"), end.summary].filter((text) => text?.startsWith("answer"));
      assert.deepEqual(said, [`answer: ${reading}`, `answer: ${other}`]);
      assert.ok(!control.callbacks.stored.some(({ type }) => type === "permission"));
    });
  }
});
