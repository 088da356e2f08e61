import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CommandLineError, splitCommandLine } from "./command-line.ts";
import { checkPlaceholders, fillIn } from "./placeholders.ts";

const check = (command: string) => checkPlaceholders(splitCommandLine(command));

describe("a task's text as a word of a program is taken", () => {
  for (const command of [
    "claude -p {prompt} --output-format stream-json",
    "claude --allowedTools Bash {prompt}",
    "codex exec --json {prompt}",
    "git log {title}",
    "aider --message={prompt}",
    'node "/x/claude-code/cli.js" -p {prompt}',
    "python3 my_agent.py {prompt}",
    "python3 -m my_agent {prompt}",
    "my-agent --language python {prompt}",
    "env A=1 timeout 60 claude -p {prompt}",
    `sh -c 'my-agent "$1"' sh {prompt}`,
    'sh -c "cd {folder} && my-agent {taskId}"',
  ]) {
    test(command, () => check(command));
  }
});

describe("a task's text that would run as code is refused", () => {
  for (const command of [
    'sh -c "echo {title}"',
    "sh -c {prompt}",
    "sh -c -- {prompt}",
    "bash -lc {prompt}",
    "bash -o pipefail -c {title}",
    "env X=1 /bin/bash -c {prompt}",
    "docker exec box sh -c {prompt}",
    "busybox sh -c {title}",
    "python3.12 -c {prompt}",
    "node -e {prompt}",
    "node --eval={prompt}",
    "perl -ne {prompt}",
    "ssh host claude -p {prompt}",
    "su - user -c {prompt}",
    "env -S {title}",
    "eval {title}",
    "sh {title}",
    "{prompt}",
    'my-agent -c "echo {title}"',
  ]) {
    test(command, () => assert.throws(() => check(command), CommandLineError));
  }
});

test("the refusal says what to do instead", () => {
  assert.throws(
    () => check('sh -c "echo {title}"'),
    /would run as code here: echo \{title\}\n.*sh -c 'my-agent "\$1"' sh/,
  );
  assert.throws(
    () => check('claude -p "Please: {prompt}"'),
    /must be words of their own.*Please: \{prompt\}\n/,
  );
});

test("values are filled in as they are, and unknown names stay", () => {
  const values = { prompt: "$& {title}\n'x'", title: "T" };
  assert.equal(fillIn("{prompt}", values), "$& {title}\n'x'");
  assert.equal(fillIn("{title}: {other} {constructor}", values), "T: {other} {constructor}");
});
