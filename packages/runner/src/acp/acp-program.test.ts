import assert from "node:assert/strict";
import { relative } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { type Clock, systemClock } from "@mission-control/agent";
import { AcpBench } from "../../test/acp-bench.ts";

let bench: AcpBench;
beforeEach(async () => {
  bench = await AcpBench.open();
});
afterEach(() => bench.close());

const CLAUDE = { FAKE_NAME: "@agentclientprotocol/claude-agent-acp", FAKE_MODES: "auto,default,plan" };

describe("a policy that asks is not without effect", () => {
  test("an agent that starts in a mode that never asks is put into one that does", async () => {
    await bench.start({}, CLAUDE);
    await bench.run("d1", "SAY x");
    assert.deepEqual(bench.lastStart.slice(1), ["mode default"]);
  });

  test("allow leaves it in its own", async () => {
    await bench.start({ permissions: "allow" }, CLAUDE);
    await bench.run("d1", "SAY x");
    assert.deepEqual(bench.lastStart.slice(1), []);
  });

  test("modes told as a config option are modes too", async () => {
    await bench.start({}, { ...CLAUDE, FAKE_CONFIG_MODES: "1" });
    await bench.run("d1", "SAY x");
    assert.deepEqual(bench.lastStart.slice(1), ["option mode default"]);
    await bench.stop();
    await bench.start({ mode: "plan" }, { ...CLAUDE, FAKE_CONFIG_MODES: "1" });
    await bench.run("d2", "SAY x");
    assert.deepEqual(bench.lastStart.slice(1), ["option mode plan"]);
  });

  test("a session that is taken up again is put into it again", async () => {
    await bench.start({}, CLAUDE);
    await bench.control.dispatch("d1", { id: "task-7", description: "SAY first" });
    await bench.control.outcome("d1");
    await bench.control.dispatch("d2", { id: "task-7", description: "SAY never", feedback: "SAY second" });
    assert.equal((await bench.control.outcome("d2")).summary, "second");
    assert.deepEqual(bench.lastStart, ["load session-1", "mode default"]);
  });

  test("a mode that never asks cannot be wanted together with it", async () => {
    await assert.rejects(
      bench.start({ mode: "auto" }, CLAUDE),
      /claude-agent-acp never asks for permission in its mode "auto", so --permissions ask would be without effect/,
    );
    assert.equal(bench.control.agents.size, 0, "not even registered");
  });

  test("an agent that never asks is not started", async () => {
    await assert.rejects(bench.start({}, { FAKE_NAME: "pi-acp" }), /pi-acp never asks for permission/);
    await bench.start({ permissions: "allow" }, { FAKE_NAME: "pi-acp" });
    assert.equal((await bench.run("d1", "SAY done")).summary, "done");
  });
});

describe("what comes before the prompt", () => {
  for (const method of ["initialize", "session/new"]) {
    test(`${method} that is never answered fails the task, in words`, async () => {
      const silences = () => bench.log.filter((line) => line === `silent ${method}`).length;
      // A minute is over when the agent has been silent once more.
      const clock: Clock = {
        now: Date.now,
        async sleep(ms, signal) {
          if (ms < 60_000) return systemClock.sleep(ms, signal);
          const before = silences();
          while (silences() === before) await systemClock.sleep(10, signal);
        },
      };
      await bench.start({ clock, timeLimit: 0 }, { FAKE_SILENT: method });
      assert.match(
        bench.stage.warnings.join(),
        new RegExp(`could not be tried: node did not answer "${method}"`),
      );
      assert.equal((await bench.run("d1", "SAY x")).error, `node did not answer "${method}" within 120 s.`);
    });
  }

  test("the try at the start is in the folder it is to work in, by its absolute path", async () => {
    const { work } = bench.stage;
    await bench.start({ cwd: relative(process.cwd(), work) });
    assert.deepEqual(bench.log, [`new ${work}`]);
    assert.deepEqual(bench.stage.warnings, []);
  });

  test("the try at the start is given up when the start is", async () => {
    const given = new AbortController();
    const starting = bench.start({ signal: given.signal }, { FAKE_SILENT: "initialize" });
    while (!bench.log.includes("silent initialize")) await systemClock.sleep(10);
    given.abort(new Error("Ctrl-C"));
    await assert.rejects(starting, /Ctrl-C/);
  });

  test("an agent that wants a log-in names its ways, and is logged in where one is named", async () => {
    const fake = { FAKE_AUTH: "api-key" };
    await assert.rejects(
      bench.start({}, fake),
      /Log in to it .* --auth-method and one of: api-key \(Use a key\)\.$/,
    );
    await assert.rejects(
      bench.start({ authMethod: "sso" }, fake),
      /no way to log in called "sso"; it has: api-key\.$/,
    );
    await bench.start({ authMethod: "api-key" }, fake);
    assert.equal((await bench.run("d1", "SAY in")).summary, "in");
    assert.ok(bench.log.includes("authenticate api-key"));
  });
});

describe("what a turn came to", () => {
  test("an empty turn failed", async () => {
    await bench.start();
    assert.match((await bench.run("d1", "NOTHING")).error ?? "", /without having said or done anything/);
  });

  test("a turn of tools alone is said to be one", async () => {
    await bench.start();
    assert.equal(
      (await bench.run("d1", "TOOL make test")).summary,
      "The agent said nothing. The last seen of it: make test",
    );
  });

  test("a turn that ends with a refused tool call failed", async () => {
    await bench.start({ permissions: "deny" });
    const end = await bench.run(
      "d1",
      "SAY I shall.",
      `REQUEST_QUIETLY ${JSON.stringify({ toolCall: { title: "rm -rf build" }, options: [{ optionId: "n", name: "No", kind: "reject_once" }] })}`,
    );
    assert.equal(end.error, 'The agent ended its turn after "rm -rf build" was refused.');
  });

  test("what was refused is in the result's data", async () => {
    await bench.start({ permissions: "deny" });
    const end = await bench.run("d1", "ASK execute:rm -rf build");
    assert.equal(end.summary, "answer: no");
    assert.deepEqual(end.data?.refused, ["rm -rf build"]);
  });

  test("a stop reason that is not known is told as it is", async () => {
    await bench.start();
    assert.equal(
      (await bench.run("d1", "SAY Hm.", "STOP out_of_coffee")).error,
      'The agent ended its turn with "out_of_coffee", which is not known here. It said: Hm.',
    );
  });

  test("what is told of other sessions is not this task's", async () => {
    await bench.start();
    assert.equal((await bench.run("d1", "SAY mine", "OTHER theirs")).summary, "mine");
  });
});

describe("usage", () => {
  test("a session's cost is counted once, not again with each attempt", async () => {
    await bench.start();
    await bench.control.dispatch("d1", { id: "task-7", description: "COST 0.25\nSAY first" });
    assert.equal((await bench.control.outcome("d1")).usage?.cost?.amount, 0.25);
    await bench.stop();
    await bench.start();
    await bench.control.dispatch("d2", { id: "task-7", description: "", feedback: "COST 0.75\nSAY second" });
    assert.equal((await bench.control.outcome("d2")).usage?.cost?.amount, 0.5);
  });
});

describe("a request for permission", () => {
  interface Option {
    optionId: string;
    name: string;
    kind: string;
  }
  const option = (optionId: string, kind = "allow_once", name = optionId): Option => ({
    optionId,
    name,
    kind,
  });
  const asking = (toolCall: object, options: Option[]) => `REQUEST ${JSON.stringify({ toolCall, options })}`;
  const ask = async (toolCall: object, options: Option[]) => {
    await bench.control.dispatch("d1", { description: asking(toolCall, options) });
    const { request } = await bench.control.outcome("d1", ["permission"]);
    assert.ok(request);
    return request;
  };
  const answer = async (requestId: string, optionId = "") => {
    await bench.control.answer("d1", requestId, optionId);
    return (await bench.control.outcome("d1")).summary;
  };

  test("a question is no reading: `think` is asked", async () => {
    await bench.start();
    const request = await ask({ title: "Which one?", kind: "think" }, [
      option("submit"),
      option("skip", "reject_once"),
    ]);
    assert.equal(await answer(request.id, "submit"), "chosen: submit");
  });

  test("what is too long or new in it is no reason not to ask", async () => {
    await bench.start();
    const long = "x".repeat(300);
    const content = [{ type: "diff", path: "a.ts", oldText: "one\n", newText: "two\n" }];
    const request = await ask({ title: " ", kind: "brew", content }, [
      option(long),
      option("no", "reject_kindly"),
    ]);
    assert.equal(request.title, "brew");
    assert.match(request.diff ?? "", /-one\n\+two/);
    assert.equal(await answer(request.id, request.options[0]?.optionId), `chosen: ${long}`);
  });

  test("a form is filled in by the operator, with any other policy by nobody", async () => {
    const schema = JSON.stringify({ type: "object", properties: { branch: { type: "string" } } });
    await bench.start();
    await bench.control.dispatch("d1", { description: `FORM ${schema}` });
    const { request } = await bench.control.outcome("d1", ["permission"]);
    assert.equal(request?.title, "Which?");
    await bench.control.answer("d1", request?.id ?? "", "submit", { branch: "fix" });
    assert.equal(
      (await bench.control.outcome("d1")).summary,
      '{"action":"accept","content":{"branch":"fix"}}',
    );
    await bench.stop();
    await bench.start({ permissions: "allow" });
    assert.equal((await bench.run("d2", `FORM ${schema}`)).summary, '{"action":"cancel"}');
  });

  test("a request without any option is not decided in silence", async () => {
    await bench.start();
    assert.equal((await bench.run("d1", asking({ title: "rm" }, []))).summary, "chosen: cancelled");
    assert.match(bench.control.progress("d1").join(), /rm: cancelled, for want of an option/);
  });
});
