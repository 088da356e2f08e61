import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Clock, systemClock } from "@mission-control/agent";
import { MissionControlDouble } from "../test/mission-control-double.ts";
import {
  type AcpAgentOptions,
  type ExecAgentOptions,
  type Runner,
  runAcpAgent,
  runExecAgent,
} from "./index.ts";

const FAKE = fileURLToPath(new URL("../test/fake-acp-agent.ts", import.meta.url));
const ACP = `"${process.execPath}" --disable-warning=ExperimentalWarning "${FAKE}"`;

let control: MissionControlDouble;
let folder: string;
let work: string;
let log: string;
let runner: Runner | undefined;
let warnings: string[];

beforeEach(async () => {
  control = await new MissionControlDouble().listen();
  folder = mkdtempSync(join(tmpdir(), "mc-runner-"));
  work = mkdtempSync(join(folder, "work-"));
  log = join(folder, "agent.log");
  writeFileSync(log, "");
  warnings = [];
});
afterEach(async () => {
  await runner?.close();
  runner = undefined;
  await control.close();
  rmSync(folder, { recursive: true });
});

function common() {
  return {
    server: control.url,
    token: control.token,
    cwd: work,
    env: { ...process.env, MISSION_CONTROL_DATA_DIR: join(folder, "data"), FAKE_LOG: log },
    onWarning: (warning: string) => warnings.push(warning),
  };
}
const acp = async (options: Partial<AcpAgentOptions> = {}) => {
  runner = await runAcpAgent({ ...common(), name: "fake", acp: ACP, ...options });
  return runner;
};
const exec = async (command: string, options: Partial<ExecAgentOptions> = {}) => {
  runner = await runExecAgent({ ...common(), name: "fake", exec: command, ...options });
  return runner;
};
const lines = () => readFileSync(log, "utf8").trim().split("\n");
const script = (...steps: string[]) => ({ description: steps.join("\n") });

/** Whether any process has the text in its command line. */
function isRunning(text: string): boolean {
  return readdirSync("/proc").some((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").includes(text);
    } catch {
      return false;
    }
  });
}

/** Processes and files tell no one when they change, so they are looked at again and again. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** A clock by which the time limit is reached when the test says so, and the grace time once the agent was told. */
function clockWithLimit(seconds: number) {
  const reached = new AbortController();
  const clock: Clock = {
    now: Date.now,
    async sleep(ms, signal) {
      if (ms === seconds * 1000)
        await Promise.race([once(reached.signal, "abort"), signal && aborted(signal)]);
      else if (ms >= 5000) await until(() => lines().includes("cancel"));
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
    const first = await acp({ concurrency: 3, capabilities: ["code"] });
    assert.equal(first.agentId, "agent-1");
    assert.equal(control.agents.get("agent-1")?.endpoint.url, first.url);
    assert.equal(control.agents.get("agent-1")?.concurrency, 3);
    await first.close();
    const second = await acp();
    assert.equal(second.agentId, "agent-1");
    assert.equal(second.url, first.url);
    await second.close();
    control.agents.clear();
    assert.equal((await acp()).agentId, "agent-1", "registered anew");
  });

  test("its state is for this user alone", async () => {
    await acp();
    const file = join(folder, "data/runners", readdirSync(join(folder, "data/runners"))[0] ?? "");
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  test("what is wrong is said in words", async () => {
    await assert.rejects(acp({ token: "wrong" }), /does not accept the token/);
    await assert.rejects(acp({ server: "http://127.0.0.1:1" }), /cannot be reached at http:\/\/127.0.0.1:1/);
    await assert.rejects(acp({ cwd: "/nowhere" }), /The folder \/nowhere does not exist/);
    await assert.rejects(async () => acp({ acp: "'" }), /quote is not closed/);
  });
});

describe("an ACP agent", () => {
  test("a task becomes a turn: readable progress, usage, summary", async () => {
    await acp();
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
    assert.ok(control.callbacks.stored.length <= 4, "coalesced");
    assert.equal(lines()[0], `new ${work}`);
    assert.match(lines()[1] ?? "", /A task\\n\\nSAY I will look around/);
    assert.equal(isRunning(FAKE), false);
  });

  test("a flood of updates becomes a few reports", async () => {
    await acp();
    await control.dispatch(
      "d1",
      script(...Array.from({ length: 300 }, (_, i) => `TOOL step ${i}`), "SAY done"),
    );
    await control.outcome("d1");
    const { stored } = control.callbacks;
    assert.ok(stored.length < 12, `${stored.length} callbacks`);
    assert.ok(control.progress("d1").includes("step 299"));
  });

  for (const [reason, words] of [
    ["refusal", /refused to go on/],
    ["max_tokens", /limit of tokens/],
    ["cancelled", /ended its turn as cancelled/],
  ] as const) {
    test(`a turn that stops with ${reason} fails the task with the last state`, async () => {
      await acp();
      await control.dispatch("d1", script("TOOL make test", `STOP ${reason}`));
      const end = await control.outcome("d1");
      assert.equal(end.type, "error");
      assert.match(end.error ?? "", words);
      assert.equal(end.lastState, "make test");
    });
  }

  test("cancel stops the turn, and no process is left", async () => {
    await acp();
    await control.dispatch("d1", script("SPAWN 4321.5", "TOOL sleep", "HANG"));
    await until(() => isRunning("sleep 4321.5"));
    await control.cancel("d1");
    await until(() => runner?.running.length === 0);
    assert.ok(lines().includes("cancel"));
    assert.equal(isRunning("sleep 4321.5"), false);
    assert.equal(isRunning(FAKE), false);
    assert.deepEqual(
      control.callbacks.stored.filter(({ type }) => type !== "progress"),
      [],
    );
  });

  test("an agent that is killed fails the task in words, and takes its processes with it", async () => {
    await acp();
    await control.dispatch("d1", script("SPAWN 4322.5", "TOOL compile", "DIE"));
    const end = await control.outcome("d1");
    assert.equal(end.type, "error");
    assert.match(end.error ?? "", /was ended by SIGKILL\. It wrote: out of memory/);
    assert.equal(end.lastState, "compile");
    assert.equal(isRunning("sleep 4322.5"), false);
    await control.dispatch("d2", script("SAY back again"));
    assert.equal((await control.outcome("d2")).summary, "back again");
  });

  test("an agent that dies before it was given the task is started again", async () => {
    const deaths = join(folder, "deaths");
    writeFileSync(deaths, "1");
    await acp({ env: { ...common().env, FAKE_DIES_AT_START: deaths } });
    await control.dispatch("d1", script("SAY at last"));
    assert.equal((await control.outcome("d1")).summary, "at last");
    assert.match(
      control.progress("d1").join("\n"),
      /ended with exit code 7\. It wrote: no licence server Starting it again/,
    );
  });

  test("a program that is not there is said so", async () => {
    await acp({ acp: "no-such-agent --acp" });
    await control.dispatch("d1", script("SAY x"));
    assert.match(
      (await control.outcome("d1")).error ?? "",
      /"no-such-agent" could not be started: it is not on the PATH/,
    );
  });

  test("an agent's error fails the task with what is behind it", async () => {
    await acp();
    await control.dispatch("d1", script('ERROR {"details":"the disk is full"}'));
    assert.equal(
      (await control.outcome("d1")).error,
      "node answered with an error: Internal error: the disk is full.",
    );
  });

  test("a task that takes too long is ended and fails, even if the agent does not listen", async () => {
    const { reach, ...limited } = clockWithLimit(60);
    await acp(limited);
    await control.dispatch("d1", script("TOOL loop", "DEAF"));
    await control.callbacks.until(() => control.progress("d1").includes("loop"));
    reach();
    const end = await control.outcome("d1");
    assert.equal(end.error, "The time limit of 60 s was reached.");
    assert.equal(end.lastState, "loop");
    assert.ok(lines().includes("cancel"));
    assert.equal(isRunning(FAKE), false);
  });

  test("feedback goes on in the same session, also after a restart of the runner", async () => {
    await acp();
    await control.dispatch("d1", { ...script("SAY first"), id: "task-7" });
    await control.outcome("d1");
    await runner?.close();
    await acp({ mode: "auto" });
    await control.dispatch("d2", { ...script("SAY never"), id: "task-7", feedback: "SAY second" });
    assert.equal((await control.outcome("d2")).summary, "second");
    assert.deepEqual(lines().slice(-3, -1), ["load session-1", "mode auto"]);
    assert.doesNotMatch(control.progress("d2").join(), /history/);
  });

  test("a mode of the agent's own can be set, and an unknown one is named", async () => {
    await acp({ mode: "auto" });
    await control.dispatch("d1", script("SAY x"));
    await control.outcome("d1");
    assert.ok(lines().includes("mode auto"));
    await runner?.close();
    await acp({ mode: "turbo" });
    await control.dispatch("d2", script("SAY x"));
    assert.match((await control.outcome("d2")).error ?? "", /has no mode "turbo"; it has: default, auto/);
  });

  test("no more runs work at once than there are slots", async () => {
    await acp({ concurrency: 2 });
    for (const id of ["d1", "d2", "d3"]) await control.dispatch(id, script("HANG"));
    const prompts = () => lines().filter((line) => line.startsWith("prompt")).length;
    await until(() => prompts() === 2);
    await control.cancel("d1");
    await until(() => prompts() === 3);
    await control.cancel("d3");
    await control.cancel("d2");
    await until(() => runner?.running.length === 0);
  });

  test("closing ends the runs and says so", async () => {
    await acp();
    await control.dispatch("d1", script("TOOL wait", "HANG"));
    await until(() => lines().some((line) => line.startsWith("prompt")));
    await runner?.close();
    assert.equal((await control.outcome("d1")).error, "The agent is shutting down.");
    assert.equal(isRunning(FAKE), false);
  });
});

describe("permissions", () => {
  test("ask: the operator says yes or no, reading needs no question", async () => {
    await acp();
    await control.dispatch("d1", script("ASK read:cat README", "ASK execute:rm -rf build"));
    const { request } = await control.outcome("d1", ["permission"]);
    assert.equal(request?.title, "rm -rf build");
    assert.deepEqual(request?.options[1], { optionId: "no", name: "Reject", kind: "reject_once" });
    await control.answer("d1", request?.id ?? "", "no");
    assert.equal((await control.outcome("d1")).summary, "answer: no");
    assert.ok(control.progress("d1").includes('cat README: Allow, by the policy "ask"'));
  });

  test("cancel withdraws the question", async () => {
    await acp();
    await control.dispatch("d1", script("ASK execute:x", "HANG"));
    const { request } = await control.outcome("d1", ["permission"]);
    await control.cancel("d1");
    await until(() => runner?.running.length === 0);
    await assert.rejects(control.answer("d1", request?.id ?? "", "yes"), /404/);
  });

  for (const [policy, reading, other] of [
    ["read-only", "yes", "no"],
    ["deny", "no", "no"],
    ["allow", "yes", "yes"],
  ] as const) {
    test(`${policy}: nobody is asked`, async () => {
      await acp({ permissions: policy });
      await control.dispatch("d1", script("ASK read:a", "ASK execute:b"));
      const end = await control.outcome("d1");
      const said = [...control.progress("d1"), end.summary].filter((text) => text?.startsWith("answer"));
      assert.deepEqual(said, [`answer: ${reading}`, `answer: ${other}`]);
      assert.ok(!control.callbacks.stored.some(({ type }) => type === "permission"));
    });
  }
});

describe("a command", () => {
  test("its lines are progress, its exit code decides, and the prompt is one argument", async () => {
    await exec(`sh -c 'echo "got: $1"; echo second; pwd' sh {prompt}`);
    await control.dispatch("d1", { description: "two\nlines; $(touch x) `id`" });
    const end = await control.outcome("d1");
    assert.equal(end.summary, work);
    assert.deepEqual(control.progress("d1").slice(1), [
      "got: A task",
      "two",
      "lines; $(touch x) `id`",
      "second",
    ]);
    assert.equal(existsSync(join(work, "x")), false);
  });

  test("without {prompt} the task comes on its input", async () => {
    await exec("cat");
    await control.dispatch("d1", { description: "hello" });
    assert.equal((await control.outcome("d1")).summary, "hello");
  });

  test("a failure tells the exit code and the tail of stderr", async () => {
    await exec(`sh -c 'echo compiling; echo "x.c:3: error" >&2; exit 3'`);
    await control.dispatch("d1", { description: "" });
    const end = await control.outcome("d1");
    assert.equal(end.error, "sh ended with exit code 3. It wrote: x.c:3: error");
    assert.equal(end.lastState, "compiling");
  });

  test("what it printed last is not lost, whatever it leaves behind", async () => {
    await exec(`sh -c 'sleep 4323.5 & head -c 300000 /dev/zero | tr "\\0" x; echo; echo the end'`);
    await control.dispatch("d1", { description: "" });
    assert.equal((await control.outcome("d1")).summary, "the end");
    assert.equal(isRunning("sleep 4323.5"), false);
  });

  test("the time limit ends it with its children, even those that took a session of their own", async () => {
    const { reach, ...limited } = clockWithLimit(60);
    await exec(`sh -c 'trap "" TERM; setsid sleep 4324.5 & echo started; sleep 4324.5'`, limited);
    await control.dispatch("d1", { description: "" });
    await until(() => isRunning("sleep 4324.5"));
    reach();
    assert.match((await control.outcome("d1")).error ?? "", /time limit of 60 s/);
    assert.equal(isRunning("sleep 4324.5"), false);
  });

  test("cancel ends it", async () => {
    await exec("sleep 4326.5");
    await control.dispatch("d1", { description: "" });
    await until(() => isRunning("sleep 4326.5"));
    await control.cancel("d1");
    await until(() => runner?.running.length === 0);
    assert.equal(isRunning("sleep 4326.5"), false);
    assert.deepEqual(
      control.callbacks.stored.filter(({ type }) => type !== "progress"),
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
    const file = join(folder, "claude.jsonl");
    writeFileSync(file, claude.map((line) => JSON.stringify(line)).join("\n"));
    await exec(`cat ${file}`);
    await control.dispatch("d1", { description: "" });
    const end = await control.outcome("d1");
    assert.equal(end.summary, "Fixed.");
    assert.deepEqual(end.usage, { inputTokens: 7, outputTokens: 2, cost: { amount: 0.5, currency: "USD" } });
    assert.deepEqual(control.progress("d1").slice(1), ["Looking.", "Bash: ls", "Bash: ls failed: not found"]);
  });

  test("Claude's error fails the task even with exit code 0", async () => {
    const file = join(folder, "claude.jsonl");
    writeFileSync(
      file,
      JSON.stringify({ type: "result", subtype: "error_max_turns", is_error: true, usage: {} }),
    );
    await exec(`cat ${file}`);
    await control.dispatch("d1", { description: "" });
    assert.match((await control.outcome("d1")).error ?? "", /It reported: error_max_turns/);
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
    const file = join(folder, "codex.jsonl");
    writeFileSync(file, codex.map((line) => JSON.stringify(line)).join("\n"));
    await exec(`cat ${file}`);
    await control.dispatch("d1", { description: "" });
    const end = await control.outcome("d1");
    assert.equal(end.summary, "Tests fail.");
    assert.deepEqual(end.usage, { inputTokens: 10, outputTokens: 4 });
    assert.deepEqual(control.progress("d1").slice(1), ["npm test", "npm test failed: 1 failed"]);
  });

  test("it can report by itself, and sees none of Mission Control's own secrets", async () => {
    const env = { ...common().env, MISSION_CONTROL_TOKEN: "secret" };
    await exec(`sh -c 'env | grep -c ^MISSION_CONTROL_TOKEN; env | grep ^MISSION_CONTROL_TASK_ID'`, { env });
    await control.dispatch("d1", { description: "" });
    await control.outcome("d1");
    assert.equal((await control.outcome("d1")).summary, "MISSION_CONTROL_TASK_ID=task-d1");
    assert.ok(control.progress("d1").includes("0"));
  });
});

describe("workspaces", () => {
  test("a folder of its own for each task", async () => {
    await exec("pwd", { workspace: "folder" });
    await control.dispatch("d1", { id: "task-1", description: "" });
    assert.equal((await control.outcome("d1")).summary, join(work, "task-1"));
  });

  test("a git worktree of its own, kept when it was used", async () => {
    const git = (...args: string[]) => execFileSync("git", args, { cwd: work, encoding: "utf8" }).trim();
    git("init", "--quiet", "--initial-branch=main");
    git(
      "-c",
      "user.name=t",
      "-c",
      "user.email=t@example.com",
      "commit",
      "--quiet",
      "--allow-empty",
      "-m",
      "start",
    );
    await exec(`sh -c 'cat > prompt; grep -q write prompt && cp prompt result; rm prompt; ls'`, {
      workspace: "worktree",
      concurrency: 2,
    });
    await Promise.all([
      control.dispatch("d1", { id: "task-1", description: "write" }),
      control.dispatch("d2", { id: "task-2", description: "look" }),
    ]);
    const used = await control.outcome("d1");
    await control.outcome("d2");
    assert.equal(used.data?.branch, "mission-control/task-1");
    assert.ok(existsSync(join(String(used.data?.folder), "result")));
    await until(() => runner?.running.length === 0);
    assert.equal(git("branch", "--list", "mission-control/*"), "+ mission-control/task-1");
    assert.deepEqual(readdirSync(work), [".git"]);
    await control.dispatch("d3", { id: "task-1", description: "look" });
    assert.equal((await control.outcome("d3")).summary, "result", "the same worktree again");
  });

  test("a folder without git is said so", async () => {
    await exec("pwd", { workspace: "worktree", env: { ...common().env } });
    await control.dispatch("d1", { description: "" });
    assert.match((await control.outcome("d1")).error ?? "", /git rev-parse failed in .*not a git repository/);
  });
});

test("a runner that was killed reports its run as failed when it is started again, and ends what is left of it", async () => {
  const script = fileURLToPath(new URL("../test/runner-in-child.ts", import.meta.url));
  const env = { ...common().env, SERVER: control.url, TOKEN: control.token, COMMAND: "sleep 4325.5" };
  const start = async () => {
    const child = spawn(
      process.execPath,
      ["--conditions=mission-control-source", "--disable-warning=ExperimentalWarning", script],
      {
        cwd: work,
        env,
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    await once(child.stdout, "data");
    return child;
  };
  const first = await start();
  await control.dispatch("d1", { description: "" });
  await until(() => isRunning("sleep 4325.5"));
  first.kill("SIGKILL");
  await once(first, "exit");
  const second = await start();
  const end = await control.outcome("d1");
  assert.equal(end.error, "The runner was stopped in the middle of this task.");
  assert.equal(isRunning("sleep 4325.5"), false);
  second.kill("SIGKILL");
  await once(second, "exit");
});
