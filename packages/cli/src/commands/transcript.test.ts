import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createAgentServer, type Dispatch, type RunContext } from "@mission-control/agent";
import type { TranscriptEntry } from "@mission-control/protocol";
import { type Finished, run, start } from "../../test/command-line.ts";
import { TestServer } from "../../test/test-server.ts";

let server: TestServer;
let listener: Server;
/** What the agent does for the next task. */
let work: (context: RunContext, dispatch: Dispatch) => Promise<string>;
let agentId: string;

before(async () => {
  server = await TestServer.start();
  listener = createServer((request, response) => agent.handler(request, response));
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const endpoint = { kind: "http", url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}/` };
  const { id, secret } = await server.api("POST", "/api/agents", { name: "worker", endpoint });
  agentId = id;
  const agent = createAgentServer({
    secret,
    onDispatch: (dispatch, context) => work(context, dispatch),
    reporter: { spool: false },
  });
});
after(async () => {
  listener.closeAllConnections();
  listener.close();
  await server.close();
});

async function dispatch(): Promise<string> {
  const { id } = await server.api("POST", "/api/tasks", { title: "Test it" });
  await server.api("POST", `/api/tasks/${id}/dispatch`, { agentId });
  return id;
}

/** The lines without their local times. */
function lines(stdout: string): string[] {
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/^\d\d:\d\d:\d\d {2}/, ""));
}

test("a transcript is read from its beginning, followed to the task's end, and printed safely", async () => {
  const goOn = Promise.withResolvers<void>();
  work = async ({ reporter }) => {
    await reporter.entry({
      id: "p",
      kind: "plan",
      steps: [{ title: "test", state: "running" }, { title: "mend" }],
    });
    await reporter.entry({ id: "t", kind: "tool", name: "exec", title: "npm test", state: "running" });
    await reporter.entry({ id: "m", kind: "message", text: "It" });
    await goOn.promise;
    await reporter.entry({ id: "m", kind: "message", text: "It fails:\n\u001b[31mred\u001b[0m\u202e" });
    const output = "1 failing\r\n\tat a.test.ts";
    await reporter.entry({ id: "t", kind: "tool", output, exitCode: 1, durationMs: 1234, state: "failed" });
    await reporter.entry({ kind: "file", path: "src/a.ts", change: "edited", diff: "-a\n+b" });
    await reporter.entry({ kind: "thought", text: "Better." });
    return "done";
  };
  const id = await dispatch();
  const following = start(["transcript", id, "--follow"], server.env);
  const json = start(["transcript", id, "--follow", "--json"], server.env);
  await json.lineLike(/"It"/);
  assert.match(await following.lineLike(/plan/), /^\d\d:\d\d:\d\d {2}plan$/);
  goOn.resolve();
  const plan = ["plan", "    [>] test", "    [ ] mend"];
  const tool = ["exec  npm test  failed (exit 1, 1.2 s)", "    1 failing", "        at a.test.ts"];
  const message = ["assistant", "    It fails:", "    red<U+202E>"];
  const rest = ["edited src/a.ts", "    -a", "    +b", "thought", "    Better.", "completed", "    done"];
  const followed = await following.finished;
  assert.equal(followed.code, 0, followed.stderr);
  assert.deepEqual(
    lines(followed.stdout),
    ["Attempt 1", ...plan, ...message, ...tool, ...rest],
    "as they ended",
  );
  const whole = await run(["transcript", id], server.env);
  assert.deepEqual(
    lines(whole.stdout),
    ["Attempt 1", ...plan, ...tool, ...message, ...rest],
    "as they began",
  );
  const changes = (await json.finished).stdout.trim().split("\n");
  const tools = changes
    .map((line) => JSON.parse(line) as TranscriptEntry)
    .filter(({ kind }) => kind === "tool");
  assert.deepEqual(
    tools.map((tool) => tool.kind === "tool" && [tool.title, tool.state]),
    [
      ["npm test", "running"],
      ["npm test", "failed"],
    ],
  );
  const unknown = await run(["transcript", "task_none"], server.env);
  assert.deepEqual([unknown.code, unknown.stderr.startsWith('There is no task "task_none"')], [1, true]);
});

test("report --entry adds to the transcript what the standard input or a file holds", async () => {
  const file = join(server.folder, "entry.json");
  writeFileSync(file, JSON.stringify({ id: "c", kind: "tool", output: "ok", state: "completed" }));
  const reports: Finished[] = [];
  const { promise: reported, resolve } = Promise.withResolvers<void>();
  work = async (_, { callback, task, agent }) => {
    const env = {
      ...server.env,
      MISSION_CONTROL_CALLBACK_URL: callback.url,
      MISSION_CONTROL_CALLBACK_SECRET: callback.secret,
      MISSION_CONTROL_TASK_ID: task.id,
      MISSION_CONTROL_AGENT_ID: agent.id,
    };
    const report = async (input: string, ...args: string[]) =>
      reports.push(await run(["report", ...args], env, input));
    await report('{"id":"c","kind":"tool","title":"make"}', "progress", "--entry", "-");
    await report("", "progress", "Made", "--progress", "1", "--entry", file);
    await report("[]", "progress", "--entry", "-");
    await report("{}", "complete", "--entry", "-");
    resolve();
    return "done";
  };
  const id = await dispatch();
  await reported;
  assert.deepEqual(
    reports.map(({ code }) => code),
    [0, 0, 2, 2],
    reports.map(({ stderr }) => stderr).join(""),
  );
  const { items } = await server.api("GET", `/api/tasks/${id}/transcript`);
  const [{ kind, title, output, state }] = items;
  assert.deepEqual([items.length, kind, title, output, state], [1, "tool", "make", "ok", "completed"]);
});
