import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { AcpBench } from "../test/acp-bench.ts";
import { until } from "../test/processes.ts";

let bench: AcpBench;
beforeEach(async () => {
  bench = await AcpBench.open();
});
afterEach(() => bench.close());

const prompts = () => bench.log.filter((line) => line.startsWith("prompt"));
/** Gives the agent a task, and waits until it works on it. */
async function working(...steps: string[]): Promise<void> {
  const before = prompts().length;
  await bench.control.dispatch("d1", { description: steps.join("\n") });
  await until(() => prompts().length > before);
}
const say = (text: string, mode: "steer" | "next" | "interrupt", id = "m1") =>
  bench.control.say("d1", { id, text, mode });

describe("what an operator says to an agent at work", () => {
  test("comes into its turn where it takes that", async () => {
    await bench.start({}, { FAKE_STEERS: "1" });
    await working("LISTEN");
    assert.equal(await say("left", "steer"), "delivered");
    assert.equal(await bench.control.endOf("m1"), "taken_up");
    assert.equal((await bench.control.outcome("d1")).summary, "heard: left");
    assert.equal(prompts().length, 1);
  });

  test("else is the next prompt of the same session, whose result counts", async () => {
    await bench.start();
    await working("ASK execute:first", "SAY first");
    const { request } = await bench.control.outcome("d1", ["permission"]);
    assert.equal(await say("SAY second", "steer"), "delivered");
    await bench.control.answer("d1", request?.id ?? "", "yes");
    assert.equal(await bench.control.endOf("m1"), "taken_up");
    const end = await bench.control.outcome("d1");
    assert.equal(end.summary, "second");
    assert.deepEqual(end.usage, { inputTokens: 240, outputTokens: 60 });
    assert.equal(
      bench.log.filter((line) => line.startsWith("new")).length,
      2,
      "one for the try at the start",
    );
    const said = bench.control.entries("d1").flatMap((entry) => (entry.kind === "message" ? entry.text : []));
    assert.deepEqual(said, ["answer: yesfirst", "second"]);
  });

  test("interrupts what it does, with the question it waits for, and goes before what else waits", async () => {
    await bench.start();
    await working("ASK execute:rm -rf build", "HANG");
    await bench.control.outcome("d1", ["permission"]);
    assert.equal(await say("SAY later", "next", "m1"), "delivered");
    assert.equal(await say("SAY now", "interrupt", "m2"), "delivered");
    assert.equal((await bench.control.outcome("d1")).summary, "later");
    assert.equal(await bench.control.endOf("m2"), "taken_up");
    assert.ok(bench.log.includes("cancel"));
    assert.deepEqual(prompts().slice(-2), ['prompt "SAY now"', 'prompt "SAY later"']);
    const withdrawn = bench.control.callbacks.stored.find(({ data }) => data?.state === "withdrawn");
    assert.equal(withdrawn?.request?.title, "rm -rf build");
  });

  test("after which the agent waits for no answer any more withdraws what it had asked", async () => {
    await bench.start({}, { FAKE_STEERS: "1" });
    await working("ASK_SHORTLY rm -rf build");
    await bench.control.outcome("d1", ["permission"]);
    await say("never mind", "steer");
    assert.equal((await bench.control.outcome("d1")).summary, "cancelled");
    const withdrawn = bench.control.callbacks.stored.find(({ data }) => data?.state === "withdrawn");
    assert.equal(withdrawn?.request?.title, "rm -rf build");
    assert.doesNotMatch(bench.control.progress("d1").join(), /could not be asked/);
  });

  test("is refused in words when the agent ends without hearing it", async () => {
    await bench.start();
    await working("LISTEN", "DIE");
    const dying = bench.control.outcome("d1");
    assert.equal(await say("SAY never", "next"), "delivered");
    await bench.control.say("d1", { id: "m2", text: "x", mode: "interrupt" });
    for (const pid of bench.agentProcesses) process.kill(pid, "SIGKILL");
    assert.equal((await dying).type, "error");
    assert.match(await bench.control.endOf("m1"), /^refused: The agent had ended its work/);
  });
});

describe("a program that is started for each task", () => {
  test("refuses it, and says what could be done", async () => {
    await bench.stage.exec("tail -f /dev/null");
    await bench.control.dispatch("d1", { description: "" });
    await bench.control.callbacks.until(() => bench.control.progress("d1").length > 0);
    const answer = await say("left", "steer");
    const words = answer === "delivered" ? await bench.control.endOf("m1") : answer;
    assert.match(words, /tail reads nothing more while it works\. Claude Code does with --input-format/);
    await bench.control.cancel("d1");
  });
});
