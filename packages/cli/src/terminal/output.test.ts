import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start } from "../../test/command-line.ts";
import { TestServer } from "../../test/test-server.ts";
import { eventLine } from "./event-line.ts";
import { oneLine, shellWord, visible } from "./output.ts";

/** Escape sequences, a bell, C1 controls, a line turned around, invisible characters, line separators. */
const HOSTILE = "a\u001b]0;owned\u0007b\u009b2Jc\u202ed\u2066e\u200bf\u2028g\u{e0041}h";
const SAFE = "a ]0;owned b 2Jc d e f g h";

let server: TestServer;
before(async () => {
  server = await TestServer.start();
});
after(() => server.close());

test("what others wrote can neither steer the terminal nor break a line, in whatever command says it", async () => {
  const endpoint = { kind: "http", url: "http://127.0.0.1:9/" };
  const { id: agentId } = await server.api("POST", "/api/agents", { name: `agent ${HOSTILE}`, endpoint });
  const { id } = await server.api("POST", "/api/tasks", { title: `task ${HOSTILE}`, tags: [HOSTILE] });
  const said = [
    await server.run("tasks"),
    await server.run("agents"),
    await server.run("dispatch", `new ${HOSTILE}`, "--agent", agentId),
    await server.run("dispatch", "lost", "--agent", HOSTILE),
    await server.run("cancel", id),
    await server.run("tail", "--task", HOSTILE),
    await server.run("agents", "rm", agentId),
  ];
  const tail = start(["tail", "--since", "0"], server.env);
  said.push({ code: 0, stdout: await tail.lineLike(/task a/), stderr: "" });
  tail.child.kill("SIGTERM");
  await tail.finished;
  for (const { stdout, stderr } of said) {
    const text = stdout + stderr;
    assert.ok(text.includes(SAFE), text);
    assert.doesNotMatch(text, /[[\p{Cc}\p{Cf}\p{Zl}]--\n]/v);
  }
});

test("JSON is safe to look at, and means what was written", async () => {
  const { stdout } = await server.run("tasks", "--json");
  assert.doesNotMatch(stdout, /[[\p{Cc}\p{Cf}\p{Zl}]--\n]/v);
  const { items } = JSON.parse(stdout);
  assert.ok(items.some(({ tags }: { tags: string[] }) => tags.includes(HOSTILE)));
});

test("a line of several is one, and what scripts and emoji are joined by stays", () => {
  assert.equal(oneLine(" a\r\n  b\n\n c "), "a b c");
  assert.equal(oneLine("👩\u200d💻 می\u200cخواهم"), "👩\u200d💻 می\u200cخواهم");
});

test("an event that brings an entry and no words says what it brings", () => {
  const at = "2026-11-23T10:00:00.000Z";
  const entry = { id: "t", kind: "tool", state: "completed", output: "ok" };
  const event = {
    id: 1,
    type: "activity",
    taskId: "t1",
    data: { entry },
    timestamp: at,
    receivedAt: at,
  } as const;
  assert.match(eventLine(event, "a · b"), / {2}activity {7}a · b {2}tool completed$/);
  assert.match(eventLine(event, ""), / {2}activity {7}tool completed$/);
});

test("colours leave nothing behind, other sequences are made harmless", () => {
  assert.equal(oneLine("\u001b[1;32mgreen\u001b[0m \u001b[2Jx"), "green  [2Jx");
  assert.equal(visible("\u001b[1;32mgreen\u001b[0m \u001b[2Jx"), "green ␛[2Jx");
});

test("a word of a command line means itself to a shell", () => {
  assert.equal(shellWord("task_1"), "task_1");
  assert.equal(shellWord("Don't $(run) it"), `'Don'\\''t $(run) it'`);
});
