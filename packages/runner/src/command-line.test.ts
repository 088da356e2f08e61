import assert from "node:assert/strict";
import { test } from "node:test";
import { CommandLineError, programNames, splitCommandLine } from "./command-line.ts";

test("words are split as a shell would", () => {
  assert.deepEqual(splitCommandLine("claude -p {prompt} --verbose"), [
    "claude",
    "-p",
    "{prompt}",
    "--verbose",
  ]);
  assert.deepEqual(splitCommandLine(`  sh -c 'echo "a b"' "it's" a\\ b ""  `), [
    "sh",
    "-c",
    'echo "a b"',
    "it's",
    "a b",
    "",
  ]);
  assert.deepEqual(splitCommandLine('"a\\"b\\\\" x"y"z'), ['a"b\\', "xyz"]);
});

test("nothing is expanded", () => {
  assert.deepEqual(splitCommandLine("echo $HOME `id` * ~"), ["echo", "$HOME", "`id`", "*", "~"]);
});

test("what cannot be read is said", () => {
  assert.throws(() => splitCommandLine('claude "unclosed'), CommandLineError);
  assert.throws(() => splitCommandLine("claude 'unclosed"), /not closed/);
  assert.throws(() => splitCommandLine("   "), /empty/);
});

test("a word is called as the program or the package it would start", () => {
  assert.deepEqual(
    programNames([
      "/opt/bin/claude",
      "/x/claude-code/cli.js",
      "@anthropic-ai/claude-code@2.1",
      "codex.exe",
      "-p",
    ]),
    ["claude", "claude-code", "claude-code", "codex", "-p"],
  );
});
