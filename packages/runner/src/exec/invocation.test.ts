import assert from "node:assert/strict";
import { test } from "node:test";
import type { Dispatch } from "@mission-control/agent";
import { splitCommandLine } from "../command-line.ts";
import { invocationFor } from "./invocation.ts";

function call(command: string, title: string, description = "") {
  const dispatch = { task: { id: "t1", title, description, context: {} } } as unknown as Dispatch;
  return invocationFor(splitCommandLine(command), dispatch, "/work");
}

test("agents that read their prompt from their input are given it there, whatever it is", () => {
  for (const title of ["--version", "Fix it", "长".repeat(65_000)]) {
    for (const [command, called] of [
      ["claude -p {prompt} --verbose", ["claude", "-p", "--verbose"]],
      ["claude -p --allowedTools Bash {prompt}", ["claude", "-p", "--allowedTools", "Bash"]],
      ["node /x/claude-code/cli.js -p {prompt}", ["node", "/x/claude-code/cli.js", "-p"]],
      ["codex exec --json {prompt}", ["codex", "exec", "--json", "-"]],
      ["npx @openai/codex@0.9 exec {prompt} --json", ["npx", "@openai/codex@0.9", "exec", "-", "--json"]],
      ["opencode run {prompt}", ["opencode", "run"]],
      ["gemini -p {prompt} --yolo", ["gemini", "--yolo"]],
    ] as const) {
      assert.deepEqual(call(command, title), { command: called, input: title });
    }
  }
});

test("any other program gets it as its argument, which is no option", () => {
  assert.deepEqual(call("git log {title}", "--output=FILE").command, ["git", "log", " --output=FILE"]);
  assert.deepEqual(call("grep -- {title} {folder}", "-f").command, ["grep", "--", "-f", "/work"]);
  assert.deepEqual(call("aider --message={prompt}", "-f").command, ["aider", "--message=-f"]);
  assert.deepEqual(call("my-agent {prompt} {taskId}", "Do it"), {
    command: ["my-agent", "Do it", "t1"],
    input: "",
  });
});

test("a prompt that is too long for an argument comes on the input, and that is said", () => {
  const title = "x".repeat(100_001);
  const { command, input, note } = call("my-agent --quiet {prompt}", title);
  assert.deepEqual(command, ["my-agent", "--quiet"]);
  assert.equal(input, title);
  assert.match(note ?? "", /The prompt has 101 kB/);
  assert.equal(call("my-agent {prompt}", "x".repeat(100_000)).note, undefined);
});

test("without {prompt} it comes on the input", () => {
  assert.deepEqual(call("my-agent {title}", "T", "D"), { command: ["my-agent", "T"], input: "T\n\nD" });
});

test("what no program can take is shown instead", () => {
  assert.equal(call("my-agent {prompt}", "a\0b\ud800").command[1], "a\u2400b\ufffd");
  assert.equal(call("my-agent {title}", "a\0b").command[1], "a\u2400b");
});
