import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { type Clock, systemClock } from "@mission-control/agent";
import { isRunning, until } from "../../test/processes.ts";
import { nap, Stage } from "../../test/stage.ts";
import { CommandLineError, runAcpAgent } from "../index.ts";
import { RESULT_GRACE_MS } from "./program-output.ts";

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

describe("a command", () => {
  test("its lines are progress, its exit code decides, and the prompt is one argument", async () => {
    await stage.exec(`sh -c 'echo "got: $1"; echo second; pwd' sh {prompt}`);
    await stage.control.dispatch("d1", { description: "two\nlines; $(touch x) `id`" });
    const end = await stage.control.outcome("d1");
    assert.equal(end.summary, stage.work);
    assert.deepEqual(stage.control.progress("d1").slice(1), [
      "got: A task",
      "two",
      "lines; $(touch x) `id`",
      "second",
    ]);
    assert.equal(existsSync(join(stage.work, "x")), false);
  });

  test("without {prompt} the task comes on its input", async () => {
    await stage.exec("cat");
    await stage.control.dispatch("d1", { description: "hello" });
    assert.equal((await stage.control.outcome("d1")).summary, "hello");
  });

  test("a failure tells the exit code and the tail of stderr", async () => {
    await stage.exec(`sh -c 'echo compiling; echo "x.c:3: error" >&2; exit 3'`);
    await stage.control.dispatch("d1", { description: "" });
    const end = await stage.control.outcome("d1");
    assert.equal(end.error, "sh ended with exit code 3. It wrote: x.c:3: error");
    assert.equal(end.lastState, "compiling");
  });

  test("what it printed last is not lost, whatever it leaves behind", async () => {
    await stage.exec(`sh -c '${nap(4323)} & head -c 300000 /dev/zero | tr "\\0" x; echo; echo the end'`);
    await stage.control.dispatch("d1", { description: "" });
    assert.equal((await stage.control.outcome("d1")).summary, "the end");
    assert.equal(isRunning(nap(4323)), false);
  });

  test("the time limit ends it with its children, even those that took a session of their own", async () => {
    const reached = new AbortController();
    const clock: Clock = {
      now: Date.now,
      sleep: (ms, signal) => (ms === 60_000 ? aborted(reached.signal) : systemClock.sleep(ms, signal)),
    };
    const command = `sh -c 'trap "" TERM; setsid ${nap(4324)} & echo started; ${nap(4324)}'`;
    await stage.exec(command, { clock, timeLimit: 60 });
    await stage.control.dispatch("d1", { description: "" });
    await until(() => isRunning(nap(4324)));
    reached.abort();
    assert.match((await stage.control.outcome("d1")).error ?? "", /time limit of 60 s/);
    assert.equal(isRunning(nap(4324)), false);
  });

  test("cancel ends it", async () => {
    const runner = await stage.exec(nap(4326));
    await stage.control.dispatch("d1", { description: "" });
    await until(() => isRunning(nap(4326)));
    await stage.control.cancel("d1");
    await until(() => runner.running.length === 0);
    assert.equal(isRunning(nap(4326)), false);
    assert.deepEqual(
      stage.control.callbacks.stored.filter(({ type }) => type !== "progress"),
      [],
    );
  });

  test("Claude's stream-json is understood", async () => {
    const claude = [
      { type: "system", subtype: "init", session_id: "s" },
      {
        type: "assistant",
        message: {
          content: [
            { type: "text", text: "Looking." },
            { type: "tool_use", id: "t1", name: "Bash", input: { command: "ls" } },
          ],
        },
      },
      {
        type: "user",
        message: {
          content: [{ type: "tool_result", tool_use_id: "t1", is_error: true, content: "not found" }],
        },
      },
      {
        type: "result",
        subtype: "success",
        is_error: false,
        result: "Fixed.",
        total_cost_usd: 0.5,
        usage: { input_tokens: 7, output_tokens: 2 },
      },
    ];
    const file = join(stage.folder, "claude.jsonl");
    writeFileSync(file, claude.map((line) => JSON.stringify(line)).join("\n"));
    await stage.exec(`cat ${file}`);
    await stage.control.dispatch("d1", { description: "" });
    const end = await stage.control.outcome("d1");
    assert.equal(end.summary, "Fixed.");
    assert.deepEqual(end.usage, { inputTokens: 7, outputTokens: 2, cost: { amount: 0.5, currency: "USD" } });
    assert.deepEqual(stage.control.progress("d1").slice(1), [
      "Looking.",
      "Bash: ls",
      "Bash: ls failed: not found",
    ]);
  });

  test("Claude's error fails the task even with exit code 0", async () => {
    const file = join(stage.folder, "claude.jsonl");
    writeFileSync(
      file,
      JSON.stringify({ type: "result", subtype: "error_max_turns", is_error: true, usage: {} }),
    );
    await stage.exec(`cat ${file}`);
    await stage.control.dispatch("d1", { description: "" });
    assert.match((await stage.control.outcome("d1")).error ?? "", /It reported: error_max_turns/);
  });

  test("Codex' JSON is understood", async () => {
    const codex = [
      { type: "thread.started", thread_id: "t" },
      { type: "turn.started" },
      { type: "item.started", item: { id: "i0", type: "command_execution", command: "npm test" } },
      {
        type: "item.completed",
        item: {
          id: "i0",
          type: "command_execution",
          command: "npm test",
          aggregated_output: "1 failed",
          exit_code: 1,
        },
      },
      { type: "item.completed", item: { id: "i1", type: "agent_message", text: "Tests fail." } },
      { type: "turn.completed", usage: { input_tokens: 10, output_tokens: 4 } },
    ];
    const file = join(stage.folder, "codex.jsonl");
    writeFileSync(file, codex.map((line) => JSON.stringify(line)).join("\n"));
    await stage.exec(`cat ${file}`);
    await stage.control.dispatch("d1", { description: "" });
    const end = await stage.control.outcome("d1");
    assert.equal(end.summary, "Tests fail.");
    assert.deepEqual(end.usage, { inputTokens: 10, outputTokens: 4 });
    assert.deepEqual(stage.control.progress("d1").slice(1), ["npm test", "npm test failed: 1 failed"]);
  });

  test("it can report by itself", async () => {
    await stage.exec("sh -c 'env | grep ^MISSION_CONTROL_TASK_ID'");
    await stage.control.dispatch("d1", { description: "" });
    assert.equal((await stage.control.outcome("d1")).summary, "MISSION_CONTROL_TASK_ID=task-d1");
  });

  for (const [program, lines] of [
    ["the program", [{ type: "result", subtype: "success", is_error: false, result: "Fixed." }]],
    [
      "anything",
      [{ type: "result", subtype: "success", is_error: false, result: "Fixed." }, "trailing words"],
    ],
  ] as const) {
    test(`a result counts although ${program} hangs after it, and its processes are ended`, async () => {
      const file = join(stage.folder, "result.jsonl");
      writeFileSync(
        file,
        lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"),
      );
      const clock: Clock = {
        now: Date.now,
        // The time to end in is over as soon as it has begun.
        sleep: (ms, signal) => (ms === RESULT_GRACE_MS ? Promise.resolve() : systemClock.sleep(ms, signal)),
      };
      const runner = await stage.exec(`sh -c 'cat ${file}; ${nap(4327)} & ${nap(4327)}'`, { clock });
      await stage.control.dispatch("d1", { description: "" });
      const end = await stage.control.outcome("d1");
      assert.equal(end.type, "complete");
      assert.equal(end.summary, "Fixed.");
      assert.ok(stage.control.progress("d1").includes("sh has told its result but does not end: ending it."));
      await until(() => runner.running.length === 0);
      assert.equal(isRunning(nap(4327)), false);
    });
  }

  test("a program that goes on after a result is let go on: the last one counts", async () => {
    const result = (text: string) => JSON.stringify({ type: "result", subtype: "success", result: text });
    const [more, last] = [join(stage.folder, "more"), join(stage.folder, "last")];
    const clock: Clock = {
      now: Date.now,
      async sleep(ms, signal) {
        if (ms !== RESULT_GRACE_MS) return systemClock.sleep(ms, signal);
        // By the end of this time the program has said more.
        if (existsSync(more)) return aborted(signal ?? new AbortController().signal);
        writeFileSync(more, "");
        await stage.control.callbacks.until(() => stage.control.progress("d1").includes("more"));
        writeFileSync(last, "");
      },
    };
    const script = join(stage.folder, "script.sh");
    const waitFor = (file: string) => `while ! test -e ${file}; do sleep 0.02; done`;
    const steps = [
      `echo '${result("First.")}'`,
      waitFor(more),
      "echo more", // It is progress once it is known not to be the last line.
      "echo next",
      waitFor(last),
      `echo '${result("Second.")}'`,
    ];
    writeFileSync(script, `${steps.join("\n")}\n`);
    await stage.exec(`sh ${script}`, { clock });
    await stage.control.dispatch("d1", { description: "" });
    assert.equal((await stage.control.outcome("d1")).summary, "Second.");
  });

  test("an argument is never an option, too long or cut short", async () => {
    const show = join(stage.folder, "show.js");
    writeFileSync(
      show,
      `let input = ""; process.stdin.setEncoding("utf8").on("data", (text) => (input += text)).on("end", () =>
        console.log(JSON.stringify([process.argv.slice(2).map((word) => word.slice(0, 20)), input.length])));`,
    );
    await stage.exec(`"${process.execPath}" "${show}" --title {title} {prompt}`);
    await stage.control.dispatch("d1", { title: "--version", description: "two\0three" });
    assert.deepEqual(JSON.parse((await stage.control.outcome("d1")).summary ?? ""), [
      ["--title", " --version", " --version\n\ntwo\u2400thre"],
      0,
    ]);
    await stage.control.dispatch("d2", { title: "T", description: "长".repeat(65_000) });
    assert.deepEqual(JSON.parse((await stage.control.outcome("d2")).summary ?? ""), [
      ["--title", "T"],
      65_003,
    ]);
    assert.match(stage.control.progress("d2").join("\n"), /The prompt has 196 kB, .* on the program's input/);
  });

  test("a program that is not there leaves no agent behind", async () => {
    await assert.rejects(stage.exec("no-such-program {prompt}"), /"no-such-program" is not on the PATH/);
    await assert.rejects(stage.exec("./no-such-program"), /There is no program ".\/no-such-program" in/);
    writeFileSync(join(stage.work, "plain"), "");
    await assert.rejects(stage.exec("./plain"), /"\.\/plain" is not an executable file/);
    await assert.rejects(stage.exec("sh -c {prompt}"), CommandLineError);
    const { env, passEnv: _, ...rest } = { ...stage.options, passEnv: undefined };
    await assert.rejects(
      runAcpAgent({ ...rest, env, acp: "no-such-agent --acp" }),
      /"no-such-agent" is not on the PATH/,
    );
    assert.equal(stage.control.agents.size, 0);
  });

  test("a program in the folder it works in is found, wherever the task works", async () => {
    writeFileSync(join(stage.work, "agent.sh"), "#!/bin/sh\necho here", { mode: 0o755 });
    await stage.exec("./agent.sh", { workspace: "folder" });
    await stage.control.dispatch("d1", { description: "" });
    assert.equal((await stage.control.outcome("d1")).summary, "here");
  });
});

async function aborted(signal: AbortSignal): Promise<void> {
  await once(signal, "abort");
}
